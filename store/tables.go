package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store/seal"
)

// schema is the version of the views; another one is another file.
const schema = 11

// table is a bucket of the views.
type table int

const (
	tMeta     table = iota // one row: cursors, roots, clock, epoch
	tRecord                // subject, stamp → ref, kind; not of looks
	tLook                  // patient or person, stamp → ref, time: who looked
	tGuard                 // patient, stamp → ref: protection of the record
	tLink                  // patient, stamp → ref: what links it with others
	tChild                 // mother, child → 1
	tBorn                  // month of birth, patient → 1
	tMember                // kind, patient → 1
	tAct                   // act → index of its first entry in own
	tVisit                 // visit → day, queue (where its row is)
	tDay                   // day, queue, visit → visit row
	tDue                   // due day, slip → 1
	tSlip                  // slip → appointment row
	tIdent                 // identifier, patient → 1
	tCurrent               // kind, subject → stamp, ref of the latest; of details all versions that hold, see current.go
	tReplaced              // patient, stampLeaf of a version of the details → 1: another one replaces it
	tSeries                // series → highest number issued, less the jumps before it (clinic.Fresh)
	tCatalog               // stamp → ref
	tLeaf                  // leaf → index in in
	tBlob                  // blob → journal of an entry that names it
	tStock                 // site, row of a catalogue, batch, stamp, line → movement
	tLab                   // what the work list of tests needs: see lab.go
	tApart                 // group, leaf → patient: what boxes may have written apart, see apart.go
	tables
)

func (t table) name() []byte {
	return []byte([...]string{"meta", "record", "look", "guard", "link", "child", "born", "member", "act", "visit", "day", "due", "slip", "ident", "current", "replaced", "series", "catalog", "leaf", "blob", "stock", "lab", "apart"}[t])
}

// writeOnly tables are never read while applying: the smallest value of a key stays.
func (t table) writeOnly() bool {
	switch t {
	case tRecord, tLook, tGuard, tLink, tChild, tBorn, tMember, tAct, tIdent, tLeaf, tBlob, tStock, tApart:
		return true
	}
	return false
}

// stamp orders entries in time: hybrid time, then the beginning of the leaf hash.
type stamp [16]byte

func stampOf(r *clinic.Record) (s stamp) {
	binary.BigEndian.PutUint64(s[:], r.HLC)
	copy(s[8:], r.Leaf[:])
	return s
}

// stampLeaf is the part of a leaf hash that stands in stamps.
func stampLeaf(leaf []byte) []byte { return leaf[:len(stamp{})-8] }

func (s stamp) compare(o stamp) int { return bytes.Compare(s[:], o[:]) }

type token [16]byte // keyed hash of something that would name a person

const refLen = 9

func appendRef(b []byte, r clinic.Ref) []byte {
	return binary.BigEndian.AppendUint64(append(b, byte(r.Journal)), r.Index)
}

// refFrom reads a ref; too few bytes give the zero ref, which no entry has.
func refFrom(b []byte) clinic.Ref {
	if len(b) < refLen {
		return clinic.Ref{}
	}
	return clinic.Ref{Journal: clinic.Journal(b[0]), Index: binary.BigEndian.Uint64(b[1:])}
}

// token hashes an identifier: who has the file cannot try numbers against it
// without the key.
func (s *tokens) ident(sys clinic.System, value string) token {
	v := strings.ToUpper(strings.Join(strings.Fields(value), ""))
	m := s.key.Mac("identifier", string(rune(sys)), v)
	return token(m[:16])
}

// born hashes the month in which somebody was born: with many small groups of people
// nobody finds one by the birth day.
func (s *tokens) born(d clinic.Date) token {
	m := s.key.Mac("born", strconv.Itoa(d.Year*100+d.Month))
	return token(m[:16])
}

func (s *tokens) slip(code string) token {
	m := s.key.Mac("slip", strings.ToUpper(strings.TrimSpace(code)))
	return token(m[:16])
}

// Rows of tSeries that are no series: the sum of all jumps, and where the numbers of
// days go on up to a day (clinic.Fresh).
func freshKey() []byte { return []byte("\x00fresh") }

func untilPrefix() []byte { return []byte("\x00until/") }

func untilKey(day int) []byte { return fmt.Appendf(untilPrefix(), "%08d", day) }

// number64 reads a row of tSeries; none is 0.
func number64(v []byte) uint64 {
	if len(v) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

func u32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// visitRow is a row of tDay. Rows of visits whose KindVisit entry is not here yet
// have the zero stamp and stand under day 0.
type visitRow struct {
	patient   clinic.ID
	opened    stamp // of the KindVisit entry that counts
	at        int64
	has       desk.Progress
	appointed stamp // of the latest appointment
	slip      token // its slip
	kind      clinic.VisitType
	key       string
}

const visitRowFixed = 16 + 16 + 8 + 2 + 16 + 16 + 1

func (v *visitRow) encode() []byte {
	b := make([]byte, 0, visitRowFixed+len(v.key))
	b = append(b, v.patient[:]...)
	b = append(b, v.opened[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(v.at))
	b = binary.BigEndian.AppendUint16(b, uint16(v.has))
	b = append(b, v.appointed[:]...)
	b = append(b, v.slip[:]...)
	b = append(b, byte(v.kind))
	return append(b, v.key...)
}

func (v *visitRow) decode(b []byte) bool {
	if len(b) < visitRowFixed {
		return false
	}
	copy(v.patient[:], b)
	copy(v.opened[:], b[16:])
	v.at = int64(binary.BigEndian.Uint64(b[32:]))
	v.has = desk.Progress(binary.BigEndian.Uint16(b[40:]))
	copy(v.appointed[:], b[42:])
	copy(v.slip[:], b[58:])
	v.kind = clinic.VisitType(b[74])
	v.key = string(b[visitRowFixed:])
	return true
}

// row returns what desks see of the row under its key of tDay.
func (v *visitRow) row(key []byte) desk.VisitRow {
	return desk.VisitRow{
		ID: clinic.ID(key[8:24]), Patient: v.patient, Key: v.key,
		Day: clinic.DateFromInt(int(binary.BigEndian.Uint32(key))), Queue: int(binary.BigEndian.Uint32(key[4:])),
		Opened: time.Unix(v.at, 0).In(clinic.ICT), Has: v.has, Type: v.kind,
	}
}

// slipRow is a row of tSlip. made is zero while only the arrival is known.
type slipRow struct {
	made     stamp
	ref      clinic.Ref
	patient  clinic.ID
	visit    clinic.ID
	due      uint32
	used     stamp // the first arrival
	usedWith clinic.ID
}

const slipRowLen = 16 + refLen + 16 + 16 + 4 + 16 + 16

func (r *slipRow) encode() []byte {
	b := make([]byte, 0, slipRowLen)
	b = append(b, r.made[:]...)
	b = appendRef(b, r.ref)
	b = append(b, r.patient[:]...)
	b = append(b, r.visit[:]...)
	b = binary.BigEndian.AppendUint32(b, r.due)
	b = append(b, r.used[:]...)
	return append(b, r.usedWith[:]...)
}

func (r *slipRow) decode(b []byte) bool {
	if len(b) != slipRowLen {
		return false
	}
	copy(r.made[:], b)
	r.ref = refFrom(b[16:])
	copy(r.patient[:], b[25:])
	copy(r.visit[:], b[41:])
	r.due = binary.BigEndian.Uint32(b[57:])
	copy(r.used[:], b[61:])
	copy(r.usedWith[:], b[77:])
	return true
}

// meta is the only row of tMeta.
type meta struct {
	own, in         uint64 // cursors: entries applied
	ownRoot, inRoot [32]byte
	hlc             uint64 // highest of own
	epoch           [8]byte
	rows            uint64     // rowSum of every row of the other tables, added up
	key             seal.KeyID // that hashes what names a person
}

const metaLen = 8 + 8 + 32 + 32 + 8 + 8 + 8 + 8

func (m *meta) encode() []byte {
	return join(u64(m.own), u64(m.in), m.ownRoot[:], m.inRoot[:], u64(m.hlc), m.epoch[:], u64(m.rows), m.key[:])
}

func (m *meta) decode(b []byte) bool {
	if len(b) != metaLen {
		return false
	}
	m.own, m.in = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	copy(m.ownRoot[:], b[16:])
	copy(m.inRoot[:], b[48:])
	m.hlc = binary.BigEndian.Uint64(b[80:])
	copy(m.epoch[:], b[88:])
	m.rows = binary.BigEndian.Uint64(b[96:])
	copy(m.key[:], b[104:])
	return true
}
