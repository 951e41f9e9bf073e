package catalog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// readJSON reads a list of objects whose members are the columns: text, numbers, or
// null. ranges may be a list of clinic.RefRange too, as the box writes it. The line of an
// object is its number in the list, from 1.
func readJSON(b []byte, l sheet.Limits) (t sheet.Table) {
	t.Kind = "json"
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	dec.UseNumber()
	if tok, err := dec.Token(); err != nil || tok != json.Delim('[') {
		t.Fail(0, clinic.RowFile, nil)
		return t
	}
	var head []string
	t.Rows = append(t.Rows, sheet.Row{})
	for n := 1; dec.More(); n++ {
		var members map[string]json.RawMessage
		if err := dec.Decode(&members); err != nil {
			t.Fail(n, clinic.RowFile, nil)
			return t
		}
		for _, name := range sorted(members) {
			if !slices.Contains(head, name) {
				head = append(head, name)
			}
		}
		cells := make([]string, len(head))
		var wrong []int
		for i, name := range head {
			text, ok := member(members[name])
			if !ok {
				wrong = append(wrong, i)
			}
			cells[i] = text
		}
		if !t.Add(n, cells, l) {
			return t
		}
		t.Rows[len(t.Rows)-1].Wrong = wrong
	}
	if _, err := dec.Token(); err != nil || dec.More() {
		t.Fail(0, clinic.RowFile, nil)
	}
	if len(head) > l.Columns {
		t.Fail(0, clinic.RowTooMany, map[string]string{"max": strconv.Itoa(l.Columns)})
	}
	t.Rows[0].Cells = head
	return t
}

func sorted(m map[string]json.RawMessage) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// member writes a member as text; ok is false for what no cell can hold.
func member(raw json.RawMessage) (text string, ok bool) {
	var s *string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		if s != nil {
			text = *s
		}
		return text, true
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return sheet.Number(n.String()), true
	}
	var ranges []clinic.RefRange
	if json.Unmarshal(raw, &ranges) == nil {
		return clinic.FormatRanges(ranges), true
	}
	return "", false
}
