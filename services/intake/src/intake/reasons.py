"""Why people come. The first four make a contact that voter registration law covers."""

COVERED = frozenset({"apply", "review", "change_of_address", "register_to_vote_only"})
KNOWN = COVERED | {"drop_documents", "ebt_card", "interview", "other"}
