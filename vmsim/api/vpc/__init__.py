"""VPC's actions, a file a noun."""
