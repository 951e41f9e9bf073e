package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store"
)

// forked receives people whose details two boxes wrote apart; of every second one somebody
// has chosen.
func (c *clinics) forked(b *clinicBox, n int) {
	c.Helper()
	var out []store.Received
	put := func(d clinic.Draft, hlc uint64) clinic.Leaf {
		raw, err := entry.Encode(d, clinic.NewID(), clinic.ID{}, hlc, false)
		if err != nil {
			c.Fatal(err)
		}
		out = append(out, store.Received{Bytes: raw})
		return entry.LeafHash(entry.Salt{}, raw)
	}
	for i := range n {
		id := clinic.NewID()
		one := put(patient(id, fmt.Sprint("Nguyễn Văn ", i)), 1)
		d := patient(id, fmt.Sprint("Nguyễn Văn ", i))
		d.Corrects = one
		var tips []clinic.Leaf
		for range 2 {
			tips = append(tips, put(d, 2))
		}
		if i%2 == 1 {
			d.Corrects = tips[0]
			d.Body.(*clinic.Patient).Merges = [][]byte{tips[1][:]}
			put(d, 3)
		}
		c.ids = append(c.ids, id)
	}
	for part := range slices.Chunk(out, 4000) {
		if _, err := b.store.Receive(c.Context(), part); err != nil {
			c.Fatal(err)
		}
	}
}

// TestManyConflictsInParts: a box of whose patients thousands were written apart shows a
// page at a time, reads no more for it than it must, and lists each person once.
func TestManyConflictsInParts(t *testing.T) {
	n := 5000
	if testing.Short() {
		n = 1000
	}
	c := newClinics(t, 1, 1)
	b := c.boxes[0]
	c.forked(b, 2*n)
	seen := map[clinic.ID]bool{}
	var from clinic.ID
	var first, worst time.Duration
	pages := 0
	for {
		began := time.Now()
		page, err := b.Conflicts(t.Context(), b.nurse, from)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		if worst = max(worst, took); pages == 0 {
			first = took
		}
		pages++
		if len(page.Rows) > 50 || page.Left > 2*n {
			t.Fatalf("%d rows, %d left", len(page.Rows), page.Left)
		}
		for _, row := range page.Rows {
			if seen[row.Hit.ID] {
				t.Fatalf("%v is listed twice", row.Hit.ID)
			}
			seen[row.Hit.ID] = true
		}
		if page.Left == 0 {
			break
		}
		if bytes.Compare(page.Next[:], from[:]) <= 0 {
			t.Fatal("the list does not go on")
		}
		from = page.Next
	}
	if len(seen) != n || pages < n/50 {
		t.Errorf("%d of %d people are listed, on %d pages", len(seen), n, pages)
	}
	t.Logf("%d conflicts: the first page took %v, the slowest of %d %v", n, first, pages, worst)
}

// TestLinkedConflictsOnce: a person of two IDs stands in the list once, wherever the parts
// of the list begin.
func TestLinkedConflictsOnce(t *testing.T) {
	c := newClinics(t, 1, 1)
	b := c.boxes[0]
	c.forked(b, 2)
	for _, id := range c.ids {
		in := desk.AllergiesInput{Patient: id, Items: []clinic.Allergy{{Substance: "Tôm " + id.String()}}}
		if _, err := b.SetAllergies(t.Context(), c.call(b.nurse), in); err != nil {
			t.Fatal(err)
		}
	}
	if !c.answer(b, c.ids[0], c.ids[1]) && !c.answer(b, c.ids[1], c.ids[0]) {
		t.Fatal("not linked")
	}
	for f := c.file(b, c.ids[0]); !f.Who.Joined(); f = c.file(b, c.ids[0]) {
		c.answer(b, c.ids[0], c.ids[1])
	}
	page, err := b.Conflicts(t.Context(), b.nurse, clinic.ID{})
	if err != nil || len(page.Rows) != 1 {
		t.Fatalf("%d rows, %v", len(page.Rows), err)
	}
	ids := slices.SortedFunc(slices.Values(c.ids), func(a, b clinic.ID) int { return bytes.Compare(a[:], b[:]) })
	if page, err = b.Conflicts(t.Context(), b.nurse, ids[1]); err != nil || len(page.Rows) != 0 {
		t.Fatalf("from the second ID on: %d rows, %v", len(page.Rows), err)
	}
}
