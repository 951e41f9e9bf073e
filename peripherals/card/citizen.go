package card

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// Item numbers what DG13 of the Vietnamese card says. No public paper defines them;
// cards show them so.
type Item int

// The items. 15 and 16 hold the former number and a code of the card, in an order that
// is not certain.
const (
	ItemNumber      Item = 1
	ItemName        Item = 2
	ItemBirth       Item = 3
	ItemSex         Item = 4
	ItemNationality Item = 5
	ItemEthnic      Item = 6
	ItemReligion    Item = 7
	ItemOrigin      Item = 8
	ItemResidence   Item = 9
	ItemMarks       Item = 10
	ItemIssued      Item = 11
	ItemExpiry      Item = 12
	ItemParents     Item = 13 // father, mother
	ItemSpouse      Item = 14
	ItemOther       Item = 15
	ItemOther2      Item = 16
)

// Citizen is DG13 of a Vietnamese card: the words of each item, in order, in NFC.
// Items that are unknown here are kept.
type Citizen map[Item][]string

// String tells nothing.
func (Citizen) String() string { return "citizen card" }

// First is the first word of an item, "" when there is none.
func (c Citizen) First(i Item) string {
	if len(c[i]) == 0 {
		return ""
	}
	return c[i][0]
}

// maxItems bounds a hostile DG13.
const maxItems = 64

// parseDG13 gathers items by their number, however they are wrapped.
func parseDG13(ef []byte) (Citizen, bool) {
	in, ok := child(ef, 0x6D)
	if !ok {
		return nil, false
	}
	c := Citizen{}
	c.gather(in, 0, 0)
	return c, len(c) > 0
}

// gather walks objects; an INTEGER says which item the strings beside and below are of.
func (c Citizen) gather(b []byte, of Item, depth int) {
	list, err := objects(b)
	if err != nil || depth > maxDepth {
		return
	}
	for _, o := range list {
		switch {
		case o.tag == 0x02 && len(o.value) == 1:
			of = Item(o.value[0])
		case o.constructed():
			c.gather(o.value, of, depth+1)
		case (o.tag == 0x0C || o.tag == 0x13) && of > 0 && len(c) <= maxItems && len(c[of]) < 4:
			if s := text(o.value); s != "" {
				c[of] = append(c[of], s)
			}
		}
	}
}

// date reads dd/mm/yyyy.
func (c Citizen) date(i Item) clinic.Date {
	p := strings.Split(c.First(i), "/")
	if len(p) != 3 {
		return clinic.Date{}
	}
	var n [3]int
	for i, s := range p {
		var err error
		if n[i], err = strconv.Atoi(s); err != nil {
			return clinic.Date{}
		}
	}
	if d := (clinic.Date{Year: n[2], Month: n[1], Day: n[0]}); d.Valid() {
		return d
	}
	return clinic.Date{}
}
