package posture

// settingsChecks look at settings of the managed cluster and its diagnostic settings.
func settingsChecks() []Check { return nil }
