package access

// Issuer is the town's own login.
type Issuer struct {
	Name string
}
