"""What the loop is about: a task, a super-taxonomy, and each customer's taxonomy, versioned."""
