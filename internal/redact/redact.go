// Package redact keeps patient data out of logs and error texts, by type.
//
// A value that may hold patient data is carried as Text or Of[T]: every way of
// printing it gives Mark, and Reveal is the one way out, easy to find in a review.
// NewHandler guards the rest: it drops values whose type belongs to the clinical
// domain, raw bytes, and runs of digits that look like a citizen, insurance or
// telephone number.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

// Mark stands where patient data would.
const Mark = "[patient data]"

// Of carries a value that must not be printed. The zero value holds T's zero. It
// points to the value because fmt reads unexported fields without their methods.
type Of[T any] struct{ p *T }

// Text is an unprintable string: a name, a number, a raw scan.
type Text = Of[string]

// Wrap hides v.
func Wrap[T any](v T) Of[T] { return Of[T]{&v} }

// Reveal returns the value. What it returns must not reach a log or an error.
func (o Of[T]) Reveal() (v T) {
	if o.p != nil {
		v = *o.p
	}
	return v
}

// String returns Mark.
func (Of[T]) String() string { return Mark }

// GoString returns Mark.
func (Of[T]) GoString() string { return Mark }

// Format writes Mark for every verb, %x and %d included.
func (Of[T]) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Mark) }

// LogValue returns Mark.
func (Of[T]) LogValue() slog.Value { return slog.StringValue(Mark) }

// MarshalText returns Mark, for encodings of logs and errors. Storing such a
// value takes Reveal.
func (Of[T]) MarshalText() ([]byte, error) { return []byte(Mark), nil }

// NewHandler returns the handler that every program's log goes through: JSON
// lines from the level up, guarded by Attr.
func NewHandler(w io.Writer, level slog.Leveler) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: Attr})
}
