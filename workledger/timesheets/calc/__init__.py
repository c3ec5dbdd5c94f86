"""Pure calculation of timesheets: the hash an approval is bound to, the flags of approval by exception."""
