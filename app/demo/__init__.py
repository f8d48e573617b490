"""A synthetic authority: invented people and homes at real postcodes, calibrated on published figures."""
