// Package deploy holds what a town's IT needs to run Blattwerk: a container file,
// a compose file, systemd units, a Kubernetes example and the runbook
// (README.md); and, in testing/, the tools of tests and lint, each pinned. Its
// only Go code are tests that hold these files against the program: every
// setting they use exists.
package deploy
