"""The words of the corrective letter (V-08). It asks for no address and speaks of no answer."""

from string import Template

LETTER = Template("""\
$office

$day

$name

You were in touch with our office on $contact_day. We have no record that we offered
you a voter registration application then, and we should have.

An application comes with this letter. You may fill it in and give it or send it to
us, and we pass it on; or you send it straight to $authority.
If you would like help with the form, ask us: we help everybody, with or without a
permanent address.

Whether you register or not is your decision alone. It changes nothing about the
benefits you receive or ask for, and nobody is told what you decide.

$office
""")
