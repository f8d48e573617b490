"""Referrals and homes as JSON: what comes in over HTTP, from a file or from the demo, and what goes out.

`strict_json` reads text, the models check its shape, `referral_documents` and `home_documents` turn it into
records and back. The names are those of the records, the codes those of `app.matching.codes`; places are
postcodes. Nothing here repeats what was sent: a problem names the field and the cure.
"""
