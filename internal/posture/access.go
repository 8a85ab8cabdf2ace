package posture

// accessChecks look at who holds what, beyond single settings.
func accessChecks() []Check { return nil }
