package desk

import (
	"errors"
	"strings"

	"clinicbox/clinic"
)

// Error is a refusal in words for people. Its text holds no patient data.
type Error struct {
	Code  Code
	Field string            // name of the form's field, if it is about one
	Args  map[string]string // to fill the message; shown to people, never logged
	Found []Hit             // CodeDuplicates, CodeNumberTaken
	Visit clinic.ID         // CodeAlreadyQueued, CodeScanSlipUsed
	Err   error             // cause, for logs
}

// Error names code and field only.
func (e *Error) Error() string {
	if e.Field != "" {
		return "desk: " + string(e.Code) + " (" + e.Field + ")"
	}
	return "desk: " + string(e.Code)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, &Error{Code: c}) compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && (t.Field == "" || t.Field == e.Field)
}

// Errors is more than one refusal of one form, in the form's order.
type Errors []*Error

// Error joins the texts.
func (es Errors) Error() string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap lets errors.Is and errors.As see each.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}

// ErrorsOf returns the refusals in err, or nil when err is something else: a
// failure that people get told of in general words.
func ErrorsOf(err error) []*Error {
	if es, ok := errors.AsType[Errors](err); ok {
		return es
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return []*Error{e}
	}
	return nil
}

// join returns nil, the only error, or all of them.
func (es Errors) join() error {
	switch len(es) {
	case 0:
		return nil
	case 1:
		return es[0]
	}
	return es
}
