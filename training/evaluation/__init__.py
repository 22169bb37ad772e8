"""What a tuned generator is worth: measures the reward never saw, tables with intervals, clips for people to judge."""
