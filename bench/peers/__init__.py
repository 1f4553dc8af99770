"""What we are measured against. Short, and written as the library's own documentation would."""
