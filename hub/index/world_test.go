package index_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
	"clinicbox/internal/invent"
)

// The world: people of one commune who go to several of its boxes, among them families,
// twins and people whose number was somebody else's before.
const (
	worldBoxes  = 20
	worldPeople = 2000
)

// human is somebody who really exists in the world.
type human struct {
	n      int
	p      clinic.Patient
	card   bool // is shown at half of the visits
	mother *human
	twin   *human
	boxes  []int
}

type world struct {
	rnd    *rand.Rand
	gen    *invent.Gen
	people []*human
	serial int
}

func newWorld(seed uint64) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 77)), gen: invent.New(seed)}
	for len(w.people) < worldPeople {
		h := w.add(w.gen.Patient().Patient)
		switch n := w.rnd.IntN(100); {
		case n < 6:
			w.twins(h)
		case n < 12:
			w.sibling(h)
		case n < 17:
			w.son(h)
		case n < 20:
			w.namesake(h)
		case n < 24:
			w.heir(h)
		case n < 30:
			w.child(h)
		}
	}
	w.people = w.people[:worldPeople]
	return w
}

func (w *world) chance(percent int) bool { return w.rnd.IntN(100) < percent }

func (w *world) add(p clinic.Patient) *human {
	h := &human{n: len(w.people), p: p, card: p.Source == clinic.SourceCitizenQR}
	for range 2 + w.rnd.IntN(3) {
		if b := w.rnd.IntN(worldBoxes); !contains(h.boxes, b) {
			h.boxes = append(h.boxes, b)
		}
	}
	for len(h.boxes) < 2 {
		if b := w.rnd.IntN(worldBoxes); !contains(h.boxes, b) {
			h.boxes = append(h.boxes, b)
		}
	}
	w.people = append(w.people, h)
	return h
}

func contains(list []int, x int) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// number makes up a number that nobody has; the last digits run on, so relatives who were
// registered together differ by one.
func (w *world) number(p *clinic.Patient) clinic.Identifier {
	w.serial++
	century := 2*(p.Birth.Year/100-19) + int(p.Sex) - 1
	return clinic.Identifier{System: clinic.SystemCitizen, Value: fmt.Sprintf("058%d%02d%06d", century, p.Birth.Year%100, w.serial)}
}

// like makes somebody of the same family and house, with own numbers.
func (w *world) like(h *human) clinic.Patient {
	p := h.p
	p.Identifiers = nil
	if p.Birth.Year > 0 {
		p.Identifiers = []clinic.Identifier{w.number(&p)}
	}
	return p
}

// twins gives somebody a twin of the same sex; every third is called as only a mark tells
// apart.
func (w *world) twins(h *human) {
	if len(h.p.Identifiers) == 0 || !h.p.Birth.Full() {
		return
	}
	names := [][2]string{{"Hoa", "Hòa"}, {"Minh", "Mính"}, {"Tuấn", "Tuân"}, {"Hùng", "Hưng"}, {"Lan", "Liên"}, {"Nam", "Bắc"}, {"Ngọc", "Ngà"}, {"Thủy", "Thúy"}}
	pick := names[w.rnd.IntN(len(names))]
	h.p.Name = withGiven(h.p.Name, pick[0])
	h.p.Folded = fold.String(h.p.Name)
	p := w.like(h)
	p.Name = withGiven(h.p.Name, pick[1])
	p.Folded = fold.String(p.Name)
	t := w.add(p)
	t.card, t.twin, h.twin = h.card, h, t
	t.boxes = h.boxes // they come together
	if w.chance(30) {
		t.boxes = t.boxes[1:]
	}
}

func withGiven(name, given string) string {
	words := strings.Fields(name)
	words[len(words)-1] = given
	return strings.Join(words, " ")
}

func (w *world) sibling(h *human) {
	p := w.like(h)
	p.Birth.Year++
	if p.Birth.Year > 2025 {
		return
	}
	p.Name = withGiven(h.p.Name, []string{"Anh", "Ân", "Hân", "Hằng", "Hạnh"}[w.rnd.IntN(5)])
	p.Folded = fold.String(p.Name)
	p.Identifiers = []clinic.Identifier{w.number(&p)}
	w.add(p).boxes = h.boxes
}

// son has the father's name, house and telephone, and the day and month of his birth.
func (w *world) son(h *human) {
	p := w.like(h)
	if p.Birth.Year < 1940 || p.Birth.Year > 1998 {
		return
	}
	p.Birth.Year += 25
	if !p.Birth.Valid() {
		p.Birth.Day = 28
	}
	p.Identifiers = []clinic.Identifier{w.number(&p)}
	w.add(p).boxes = h.boxes
}

// namesake has the same name and birth date by chance, and lives elsewhere.
func (w *world) namesake(h *human) {
	p := w.like(h)
	p.Phone, p.Address = "", "Thôn Hạ, Xã Đồi Mẫu, Khánh Hòa"
	w.add(p)
}

// heir has an old number that was somebody else's.
func (w *world) heir(h *human) {
	for i, n := range h.p.Identifiers {
		if n.System == clinic.SystemOldID {
			p := w.gen.Patient().Patient
			if p.Birth.Year > 1995 {
				return
			}
			n.From = clinic.Date{Year: 2012, Month: 3, Day: 1}
			h.p.Identifiers[i].To = clinic.Date{Year: 2011, Month: 5, Day: 30}
			p.Identifiers = append(p.Identifiers, n)
			w.add(p)
			return
		}
	}
}

// child is a baby of a mother, with or without a number.
func (w *world) child(h *human) {
	if h.p.Sex != clinic.SexFemale || h.p.Birth.Year < 1980 || h.p.Birth.Year > 2005 {
		return
	}
	p := clinic.Patient{
		Name: "Lê Thị " + []string{"An", "Ánh", "Bảo", "Châu"}[w.rnd.IntN(4)], Birth: clinic.Date{Year: 2025, Month: 1 + w.rnd.IntN(12), Day: 1 + w.rnd.IntN(28)},
		Sex: clinic.SexFemale, Address: h.p.Address, Phone: h.p.Phone,
	}
	p.Folded = fold.String(p.Name)
	if w.chance(60) {
		p.Identifiers = []clinic.Identifier{w.number(&p)}
	}
	c := w.add(p)
	c.mother, c.boxes = h, h.boxes
}

// typed is what a box writes of somebody: what a card says, or what hands and ears make
// of it.
func (w *world) typed(h *human) clinic.Patient {
	p := h.p
	p.Identifiers = nil
	for _, n := range h.p.Identifiers {
		if !n.To.IsZero() && w.chance(40) {
			n.To = clinic.Date{} // the box does not know that it is another's by now
		}
		p.Identifiers = append(p.Identifiers, n)
	}
	if h.card && w.chance(55) {
		p.Source = clinic.SourceCitizenQR
		return p
	}
	p.Source = clinic.SourceTyped
	w.typeName(&p)
	w.typeNumber(h, &p)
	w.typeBirth(&p)
	if w.chance(25) {
		p.Phone = ""
	}
	if w.chance(15) {
		p.Address = ""
	}
	if h.mother != nil && w.chance(15) && len(h.mother.p.Identifiers) > 0 { // the mother's
		p.Identifiers = h.mother.p.Identifiers[:1]
	}
	if h.twin != nil && w.chance(20) && len(h.twin.p.Identifiers) > 0 { // copied from the line above
		p.Identifiers = h.twin.p.Identifiers
	}
	return p
}

func (w *world) typeName(p *clinic.Patient) {
	switch n := w.rnd.IntN(100); {
	case n < 8:
		p.Name = strings.ToUpper(fold.String(p.Name)) // from an old list
	case n < 11:
		p.Name = slip(w.rnd, p.Name)
	case n < 14: // a mark is forgotten
		words := strings.Fields(p.Name)
		i := w.rnd.IntN(len(words))
		words[i] = fold.Toneless(words[i])
		p.Name = strings.Join(words, " ")
	case n < 18:
		p.Name = strings.ToUpper(p.Name)
	}
	p.Folded = fold.String(p.Name)
}

func (w *world) typeNumber(h *human, p *clinic.Patient) {
	switch n := w.rnd.IntN(100); {
	case n < 10:
		p.Identifiers = nil
	case n < 14 && len(p.Identifiers) > 0:
		p.Identifiers[0].Value = slip(w.rnd, p.Identifiers[0].Value)
	case n < 24 && len(p.Identifiers) > 1:
		p.Identifiers = p.Identifiers[1:]
	case n < 40 && len(p.Identifiers) > 1:
		p.Identifiers = p.Identifiers[:1]
	}
}

func (w *world) typeBirth(p *clinic.Patient) {
	b := p.Birth
	switch n := w.rnd.IntN(100); {
	case n < 5:
		b.Month, b.Day = 0, 0
	case n < 7:
		b.Month, b.Day = b.Day, b.Month
	case n < 9:
		b.Year += w.rnd.IntN(3) - 1
	case n < 10 && b.Day > 1:
		b.Day--
	}
	if b.Valid() {
		p.Birth = b
	}
}

// slip makes one slip of a hand: a letter or digit is another, or two change places.
func slip(rnd *rand.Rand, s string) string {
	r := []rune(s)
	i := rnd.IntN(len(r) - 1)
	switch {
	case rnd.IntN(2) == 0:
		r[i], r[i+1] = r[i+1], r[i]
	case r[i] >= '0' && r[i] <= '9':
		r[i] = '0' + rune(rnd.IntN(10))
	case r[i] != ' ':
		r[i] = rune("aeionght"[rnd.IntN(8)])
	}
	return string(r)
}
