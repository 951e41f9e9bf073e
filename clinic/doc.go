// Package clinic is the domain: people, visits, documents, rules. It imports the
// standard library only and does no I/O; every value here can be written to a
// journal as an entry body (internal/entry) or shown on a page.
//
// Bodies carry small integer keys in their cbor tags. A key is never reused or
// renumbered; a new field takes the next free key and is optional, so that an
// older program reads what a newer one wrote.
package clinic
