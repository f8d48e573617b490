"""What can be done where what was seen is not so any more, or a rule is in the way."""

LOOK_AGAIN = "Look again, and decide on what is so now."
OVERRIDE = (
    "It can be overridden with a reason and a second person, by holding with `override`; "
    "where it is held already, withdraw that placement first and hold it anew."
)
SEND_SEEN = "Look again, and send `seen` if it is still right."
HOLD_ANEW = "Withdraw this placement, look at the shortlist, and hold anew: to look at it again does not help."
CHOOSE = "Choose from the shortlist, or have a new run made: to look at this proposal again does not help."
WITHDRAW = "Nothing can be decided on this placement any more: what remains is to withdraw it."
ELSEWHERE = "A child of this placement has its place by another placement."
END_THAT = "End that placement or withdraw it first, and look again; or withdraw this one."
BACK_IN_CARE = (
    "Withdraw this placement. If a home is looked for all the same, have the case system send the referral again first,"
    " with a `waiting_since` of {day} or later, once that day has come; then look again."
)
SENT_AGAIN = (
    "If a home is looked for, have the case system send the referral again, with a `waiting_since` of {day} or later,"
    " once that day has come; then look at the new list."
)
A_MOVE = (
    "with a `waiting_since` of {day} or later, once that day has come; where they cannot stay there until then, tell"
    " the end of that placement: from then on a home can be held for them."
)
"""How a search for another home begins. `day`: the first that is not of a search which was answered already."""

NO_POLICY = "Let the council's policy document be put in place, and look again; or withdraw this placement."
NOT_ANY_MORE = "is not met any more"
