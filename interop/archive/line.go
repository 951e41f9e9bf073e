package archive

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"

	"clinicbox/clinic"
)

// Keys of an entry's head (internal/entry).
const (
	headVersion  = 1
	headKind     = 2
	headAct      = 3
	headHLC      = 4
	headEvent    = 5
	headTrusted  = 6
	headAuthor   = 7
	headSubject  = 8
	headVisit    = 9
	headCorrects = 10
	headWhy      = 11
	headBody     = 12
)

// appendLine writes an entry as one line of entries.jsonl, with its line feed.
func (s *schema) appendLine(out []byte, e *Entry) []byte {
	out = append(out, `{"journal":"`...)
	out = append(append(out, journalName(e.Journal)...), `","index":`...)
	out = strconv.AppendUint(out, e.Index, 10)
	if e.Hole() {
		out = append(out, `,"hole":true`...)
	} else {
		out = s.appendWords(out, e.Bytes)
		out = appendBase64(append(out, `,"cbor":`...), e.Bytes)
		out = appendHex(append(out, `,"salt":`...), e.Salt[:])
	}
	out = appendHex(append(out, `,"leaf":`...), e.Leaf[:])
	if e.Proof != nil {
		out = append(out, `,"proof":[`...)
		for i := range e.Proof {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendHex(out, e.Proof[i][:])
		}
		out = append(out, ']')
	}
	return append(out, '}', '\n')
}

func appendBase64(out, b []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(out, '"'), b), '"')
}

func appendHex(out, b []byte) []byte { return append(hex.AppendEncode(append(out, '"'), b), '"') }

// appendWords writes what the entry says. Of bytes that are no plain entry it writes
// only that.
func (s *schema) appendWords(out, b []byte) []byte {
	p := &plain{b}
	major, n, err := p.head()
	if err != nil || major != majorMap {
		return append(out, `,"raw":true`...)
	}
	w := &words{schema: s, p: p, out: out}
	err = p.fields(n, w.field)
	if err != nil || len(p.b) != 0 || !w.kind {
		return append(out, `,"raw":true`...)
	}
	return w.out
}

// words writes the fields of a head in the order of their keys.
type words struct {
	*schema
	p    *plain
	out  []byte
	kind bool   // was there
	of   string // type of the body
}

func (w *words) field(key uint64) (err error) {
	switch key {
	case headVersion, headKind, headHLC:
		major, n, err := w.p.head()
		if err != nil || major != majorUint {
			return errNotPlain
		}
		w.number(key, n)
		return nil
	case headEvent:
		return w.event()
	case headTrusted, headWhy:
		w.name(map[uint64]string{headTrusted: "trusted", headWhy: "why"}[key])
		w.out, err = w.value(w.out, w.p, "", 0)
	case headAct, headAuthor, headSubject, headVisit, headCorrects:
		return w.bytes(key)
	case headBody:
		w.name("body")
		w.out, err = w.value(w.out, w.p, w.of, 0)
	default: // of a newer program
		w.name("#" + strconv.FormatUint(key, 10))
		w.out, err = w.value(w.out, w.p, "", 0)
	}
	return err
}

func (w *words) name(s string) {
	w.out = append(append(append(w.out, `,"`...), s...), `":`...)
}

func (w *words) number(key, n uint64) {
	text := strconv.FormatUint(n, 10)
	switch key {
	case headVersion:
		w.name("version")
		w.out = append(w.out, text...)
	case headKind:
		k, ok := w.Kinds[text]
		if !ok {
			k.Name = "kind-" + text
		}
		w.kind, w.of = true, k.Body
		w.name("kind")
		w.out = appendText(w.out, k.Name)
		w.name("code")
		w.out = append(w.out, text...)
	case headHLC: // a string: larger than the numbers that every JSON reader keeps exact
		w.name("hlc")
		w.out = appendText(w.out, text)
		w.name("recorded")
		w.out = appendText(w.out, time.UnixMilli(int64(n>>16)).In(clinic.ICT).Format("2006-01-02T15:04:05.000Z07:00"))
	}
}

// event writes when it happened, as the author says. What no clock shows stays raw.
func (w *words) event() error {
	major, n, err := w.p.head()
	at := int64(n)
	if major == majorNeg {
		at = -1 - at
	}
	const far = 200_000_000_000 // seconds: the year 8307
	if err != nil || major > majorNeg || n > far {
		return errNotPlain
	}
	w.name("event")
	w.out = appendText(w.out, time.Unix(at, 0).In(clinic.ICT).Format(time.RFC3339))
	return nil
}

// bytes writes an identifier or a leaf hash.
func (w *words) bytes(key uint64) error {
	major, n, err := w.p.head()
	if err != nil || major != majorBytes {
		return errNotPlain
	}
	b, err := w.p.take(n)
	w.name(map[uint64]string{headAct: "act", headAuthor: "author", headSubject: "subject", headVisit: "visit", headCorrects: "corrects"}[key])
	w.out = appendHex(w.out, b)
	return err
}
