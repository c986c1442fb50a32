"""What the control plane does when a Pi could not help itself: conditions, rules, the brake, incidents, attempts."""
