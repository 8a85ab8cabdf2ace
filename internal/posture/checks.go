package posture

import "slices"

// Checks are all checks, in the order of lists.
func Checks() []Check {
	return slices.Concat(settingsChecks(), accessChecks(), kubernetesChecks())
}
