"""What everything else rests on; imports nothing of ours."""
