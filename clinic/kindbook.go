package clinic

// The kinds of the health book and of health checks.
const (
	KindHealthBook  Kind = 75 // what stands in the health book and in no other entry
	KindHealthCheck Kind = 77 // what a health check found, and its conclusion
)

// newBookBody is NewBody for the kinds of this file.
func newBookBody(k Kind) any {
	switch k {
	case KindHealthBook:
		return new(HealthBook)
	case KindHealthCheck:
		return new(HealthCheck)
	}
	return nil
}
