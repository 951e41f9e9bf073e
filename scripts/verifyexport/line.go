package main

import (
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// known are the names as they were when this verifier was written.
//
//go:embed schema.json
var known []byte

// names are schema.json.
type names struct {
	Form  int `json:"form"`
	Kinds map[string]struct {
		Name string `json:"name"`
		Body string `json:"body"`
	} `json:"kinds"`
	Types map[string]map[string]struct {
		Name string `json:"name"`
		Of   string `json:"of"`
	} `json:"types"`
}

// loadNames takes the export's names. Those that this program knows must be the same.
func (v *verifier) loadNames() error {
	b, err := v.small("schema.json")
	if err != nil {
		return err
	}
	var mine names
	if err := errors.Join(json.Unmarshal(b, &v.names), json.Unmarshal(known, &mine)); err != nil || v.names.Form != mine.Form {
		return refuse("schema.json cannot be read")
	}
	for k, want := range mine.Kinds {
		if got, ok := v.names.Kinds[k]; ok && got != want {
			return refuse("schema.json calls kind %s otherwise", k)
		}
	}
	for t, fields := range mine.Types {
		for k, want := range fields {
			if got, ok := v.names.Types[t][k]; ok && got != want {
				return refuse("schema.json calls %s of %s otherwise", k, t)
			}
		}
	}
	return nil
}

// line is what a line of entries.jsonl is made of.
type line struct {
	journal int // 0 own, 1 in
	index   uint64
	hole    bool
	cbor    []byte
	salt    []byte
	leaf    [32]byte
	proof   [][32]byte // nil = none
}

func parseLine(b []byte) (l line, err error) {
	var j struct {
		Journal    string
		Index      uint64
		Hole       bool
		CBOR       []byte
		Salt, Leaf string
		Proof      []string
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return l, errors.New("no JSON")
	}
	var ok bool
	if l.journal, ok = map[string]int{"own": 0, "in": 1}[j.Journal]; !ok {
		return l, errors.New("no journal")
	}
	l.index, l.hole, l.cbor = j.Index, j.Hole, j.CBOR
	l.salt, err = hex.DecodeString(j.Salt)
	leaf, err2 := hash(j.Leaf)
	if l.leaf = leaf; err != nil || err2 != nil || !l.hole && (len(l.salt) != 16 || len(l.cbor) == 0) {
		return l, errors.New("salt, bytes or leaf")
	}
	for _, p := range j.Proof {
		h, err := hash(p)
		if err != nil {
			return l, err
		}
		l.proof = append(l.proof, h)
	}
	if j.Proof != nil && l.proof == nil {
		l.proof = [][32]byte{}
	}
	return l, nil
}

func hash(s string) (h [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		return h, errors.New("no hash")
	}
	return [32]byte(b), nil
}

// write makes the line that the export must have, and the entry that it tells of.
func (n names) write(l line) ([]byte, item) {
	var b strings.Builder
	var e item
	fmt.Fprintf(&b, `{"journal":"%s","index":%d`, []string{"own", "in"}[l.journal], l.index)
	if l.hole {
		b.WriteString(`,"hole":true`)
	} else {
		var words string
		words, e = n.words(l.cbor)
		fmt.Fprintf(&b, `%s,"cbor":"%s","salt":"%x"`, words, base64.StdEncoding.EncodeToString(l.cbor), l.salt)
	}
	fmt.Fprintf(&b, `,"leaf":"%x"`, l.leaf)
	if l.proof != nil {
		b.WriteString(`,"proof":[`)
		for i, h := range l.proof {
			fmt.Fprintf(&b, `%s"%x"`, []string{"", ","}[min(i, 1)], h)
		}
		b.WriteString("]")
	}
	b.WriteString("}\n")
	return []byte(b.String()), e
}

// words writes the head and body of an entry; an entry that is none has no words.
func (n names) words(cbor []byte) (string, item) {
	const raw = `,"raw":true`
	e, rest, err := parse(cbor, 0)
	if err != nil || len(rest) > 0 || e.kind != 5 || e.at(2).kind != 0 || !hasKey(e, 2) {
		return raw, item{}
	}
	var b strings.Builder
	ict := time.FixedZone("ICT", 7*3600)
	number := strconv.FormatUint(e.at(2).n, 10)
	kind, ok := n.Kinds[number]
	if !ok {
		kind.Name = "kind-" + number
	}
	plainName := map[uint64]string{1: "version", 3: "act", 6: "trusted", 7: "author", 8: "subject", 9: "visit", 10: "corrects", 11: "why"}
	types := map[uint64]byte{1: 0, 3: 2, 4: 0, 7: 2, 8: 2, 9: 2, 10: 2}
	for i, k := range e.keys {
		v := e.list[i]
		if want, ok := types[k]; ok && v.kind != want {
			return raw, item{}
		}
		switch k {
		case 2:
			fmt.Fprintf(&b, `,"kind":"%s","code":%s`, kind.Name, number)
		case 4:
			at := time.UnixMilli(int64(v.n >> 16)).In(ict)
			fmt.Fprintf(&b, `,"hlc":"%d","recorded":"%s"`, v.n, at.Format("2006-01-02T15:04:05.000Z07:00"))
		case 5:
			if v.kind > 1 || v.n > 200_000_000_000 {
				return raw, item{}
			}
			sec := int64(v.n)
			if v.kind == 1 {
				sec = -1 - sec
			}
			fmt.Fprintf(&b, `,"event":"%s"`, time.Unix(sec, 0).In(ict).Format(time.RFC3339))
		case 12:
			b.WriteString(`,"body":`)
			n.json(&b, v, kind.Body)
		default:
			name := plainName[k]
			if name == "" {
				name = fmt.Sprintf("#%d", k)
			}
			fmt.Fprintf(&b, `,"%s":`, name)
			n.json(&b, v, "")
		}
	}
	return b.String(), e
}

func hasKey(e item, key uint64) bool { return slices.Contains(e.keys, key) }
