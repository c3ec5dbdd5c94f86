"""What was agreed: contracts, their lines with a billing model each, rate cards and dated rates."""
