"""The whole loop by itself: watch, mine, label, snapshot, train, judge, release, within what its policy allows."""
