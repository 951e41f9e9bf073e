package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"sync"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/stock"
	"clinicbox/store/journal"
)

// Rows of tStock. The key is site 4 bytes, row of a catalogue 4, batch 8, all hashed;
// hybrid time 8, leaf 6, line of the entry 2. The value says what moved: with it a year of
// movements is added up without reading one entry. It names no medicine, and nobody.
const (
	stockSiteLen = 4
	stockItemLen = stockSiteLen + 4
	stockNameLen = 16
	stockLeafLen = 6
	stockRowLen  = 1 + 8 + 8 + 4 + refLen // what, quantity, at, day, ref
)

// stock hashes the name of a batch; its beginnings are those of its row and its site.
func (s *tokens) stock(b clinic.Batch) (t token) {
	code := strings.ToLower(b.Code)
	site := s.key.Mac("stock site", b.Site)
	item := s.key.Mac("stock row", b.Site, b.In(), code)
	lot := s.key.Mac("stock batch", b.Site, b.In(), code, b.Lot, string(u32(b.Expiry.Int())))
	copy(t[:], site[:stockSiteLen])
	copy(t[stockSiteLen:], item[:stockItemLen-stockSiteLen])
	copy(t[stockItemLen:], lot[:])
	return t
}

// stock puts the movements of an entry into the views.
func (a *applier) stock(r *clinic.Record) {
	if !r.Kind.IsStock() {
		return
	}
	for _, m := range stock.Moves(r) {
		t := a.tokens.stock(m.Batch)
		key := join(t[:], u64(m.HLC), m.Leaf[:stockLeafLen], binary.BigEndian.AppendUint16(nil, uint16(m.Place)))
		value := join([]byte{byte(m.What)}, u64(uint64(m.Quantity)), u64(m.At), u32(m.Day.Int()))
		a.kv.putMin(tStock, key, appendRef(value, r.Ref))
	}
}

// moveOf reads a row.
func moveOf(k, v []byte) (m stock.Move, ref clinic.Ref, ok bool) {
	if len(k) != 32 || len(v) != stockRowLen {
		return m, ref, false
	}
	m.What, m.Quantity = stock.What(v[0]), clinic.Milli(binary.BigEndian.Uint64(v[1:]))
	m.At, m.Day = binary.BigEndian.Uint64(v[9:]), clinic.DateFromInt(int(binary.BigEndian.Uint32(v[17:])))
	m.HLC, m.Place = binary.BigEndian.Uint64(k[stockNameLen:]), int(binary.BigEndian.Uint16(k[30:]))
	copy(m.Leaf[:], k[24:24+stockLeafLen])
	return m, refFrom(v[21:]), true
}

// batchNames remembers which batch a token is of: reading it from an entry costs more
// than adding the batch up. The zero batchNames is ready for use.
type batchNames struct {
	mu sync.Mutex
	of map[token]clinic.Batch
}

func (n *batchNames) get(t token) (clinic.Batch, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b, ok := n.of[t]
	return b, ok
}

func (n *batchNames) put(t token, b clinic.Batch) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil {
		n.of = map[token]clinic.Batch{}
	}
	n.of[t] = b
}

// Stock implements desk.Shelves.
func (r *reader) Stock(q desk.StockQuery) ([]stock.Sheet, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	t := r.s.tokens.stock(clinic.Batch{Site: q.Site, Goods: clinic.Goods{Catalog: q.Catalog, Code: q.Code}})
	prefix := t[:stockSiteLen]
	if q.Code != "" {
		prefix = t[:stockItemLen]
	}
	var out []stock.Sheet
	var now token
	var moves []stock.Move
	var refs []clinic.Ref
	end := func() error {
		if len(moves) == 0 {
			return nil
		}
		b, ok, err := r.batchOf(now, refs)
		if ok && b.Site == q.Site && (q.Code == "" || strings.EqualFold(b.Code, q.Code) && b.In() == (clinic.Goods{Catalog: q.Catalog}).In()) {
			sheet := stock.Fold(moves, q.From, q.To)
			sheet.Batch = b
			out = append(out, sheet)
		}
		moves, refs = moves[:0], refs[:0]
		return err
	}
	err := r.each(tStock, prefix, func(k, v []byte) error {
		m, ref, ok := moveOf(k, v)
		if !ok {
			return nil
		}
		if token(k[:stockNameLen]) != now {
			if err := end(); err != nil {
				return err
			}
			now = token(k[:stockNameLen])
		}
		moves, refs = append(moves, m), append(refs, ref)
		return nil
	})
	err = errors.Join(err, end())
	stock.Sort(out)
	return out, err
}

// batchOf finds the name of a batch in the first of its entries that can be read.
func (r *reader) batchOf(t token, refs []clinic.Ref) (clinic.Batch, bool, error) {
	if b, ok := r.s.batches.get(t); ok {
		return b, true, nil
	}
	for _, ref := range refs {
		rec, ok, err := r.record(ref)
		if errors.Is(err, journal.ErrRange) {
			r.s.log.Error("a row of the views names another entry; check the store")
			continue
		}
		if err != nil {
			return clinic.Batch{}, false, err
		}
		for _, m := range stock.Moves(&rec) {
			if ok && r.s.tokens.stock(m.Batch) == t {
				r.s.batches.put(t, m.Batch)
				return m.Batch, true, nil
			}
		}
	}
	return clinic.Batch{}, false, nil
}

// StockRecords implements desk.Shelves.
func (r *reader) StockRecords(b clinic.Batch) (out []clinic.Record, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	t := r.s.tokens.stock(b)
	var last []byte
	err = r.each(tStock, t[:], func(k, v []byte) error {
		_, ref, ok := moveOf(k, v)
		if !ok || bytes.Equal(k[:30], last) { // another line of the same entry
			return nil
		}
		last = k[:30]
		rec, ok, err := r.fitting(ref, func(_ *clinic.Record, at []byte) bool {
			return bytes.Equal(at[:8+stockLeafLen], k[stockNameLen:30])
		})
		if ok {
			out = append(out, rec)
		}
		return err
	})
	return out, err
}

// StockLost implements desk.Shelves.
func (r *reader) StockLost() (int, error) {
	if err := r.enter(); err != nil {
		return 0, err
	}
	defer r.leave()
	for _, subject := range []clinic.ID{clinic.StockID(), clinic.StockChangesID(), clinic.TransfersID()} {
		if _, err := r.Lost(subject); err != nil { // finds what nobody has met yet
			return 0, err
		}
	}
	n := r.s.holes.count(clinic.Kind.IsStock)
	for _, subject := range []clinic.ID{clinic.StockID(), clinic.StockChangesID(), clinic.TransfersID()} {
		for _, h := range r.lost[subject] {
			if h.Kind.IsStock() && !r.s.holes.has(subject, h.Ref) {
				n++
			}
		}
	}
	return n, nil
}
