package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// startItem puts the batches of one row of a catalogue into the form.
func startItem(v *GoodsForm, q url.Values) {
	catalog, code, _ := strings.Cut(q.Get("item"), ";")
	it := v.item(catalog, code)
	if it == nil {
		return
	}
	var rows []map[string]string
	for _, b := range it.Batches {
		if len(rows) < linesMax {
			rows = append(rows, map[string]string{"goods": b.Batch.Key()})
		}
	}
	writeLines(&v.Form, rows)
}

// countPage is how many batches a page of the whole shelf counts.
const countPage = 20

// startCount begins a count: of one row, or of the shelf from a place on.
func startCount(v *GoodsForm, q url.Values) {
	v.Form.Set("at", strconv.FormatUint(v.View.At, 10))
	if q.Get("item") != "" {
		startItem(v, q)
		return
	}
	from, err := strconv.Atoi(q.Get("from"))
	if err != nil {
		return
	}
	var rows []map[string]string
	n := 0
	for _, it := range v.View.Items {
		for _, b := range it.Batches {
			if n++; n > from && len(rows) < countPage {
				rows = append(rows, map[string]string{"goods": b.Batch.Key()})
			}
		}
	}
	if from >= 0 && n > from+countPage {
		v.Next = strconv.Itoa(from + countPage)
	}
	writeLines(&v.Form, rows)
}

// startRequisition proposes what is low.
func startRequisition(v *GoodsForm, q url.Values) {
	if !q.Has("low") {
		return
	}
	var rows []map[string]string
	for _, it := range v.View.Items {
		if (it.Level.Low() || it.Level.Out()) && it.Level.Propose > 0 && len(rows) < linesMax {
			rows = append(rows, map[string]string{"goods": it.Row.Catalog + ";" + it.Row.Code, "quantity": plainMilli(it.Level.Propose)})
		}
	}
	writeLines(&v.Form, rows)
}

// plainMilli writes a quantity without groups of thousands: a field is read back.
func plainMilli(q clinic.Milli) string { return strings.ReplaceAll(q.String(), ".", "") }

// takeReceived puts a scanned box, or a transfer paper, into the form of receiving.
func takeReceived(v *GoodsForm, found desk.GoodsFound) {
	f := &v.Form
	switch {
	case found.Sent != nil:
		rows := readLines(f, "goods")
		if f.Get("from") != found.Sent.Code {
			rows = nil
		}
		f.Set("from", found.Sent.Code)
		for _, l := range found.Sent.Lines {
			// A paper of many lines has several codes, and one may be scanned twice.
			known := func(o map[string]string) bool {
				return o["goods"] == l.Goods.In()+";"+l.Goods.Code && o["lot"] == l.Goods.Lot
			}
			if len(rows) == linesMax || slices.ContainsFunc(rows, known) {
				continue
			}
			row := map[string]string{
				"goods": l.Goods.In() + ";" + l.Goods.Code, "lot": l.Goods.Lot, "sent": plainMilli(l.Quantity), "expiry": l.Goods.Expiry.String(),
			}
			if l.Price > 0 {
				row["price"] = strconv.FormatInt(int64(l.Price), 10)
			}
			if l.Pack > 0 {
				row["pack"] = strconv.Itoa(l.Pack)
			}
			rows = append(rows, row)
		}
		writeLines(f, rows)
	case found.Scan.Transfer != "":
		f.Set("from", found.Scan.Transfer) // its lines are typed from the paper
	case len(found.Rows) == 1:
		row := map[string]string{
			"goods": found.Rows[0].Catalog + ";" + found.Rows[0].Code, "lot": found.Scan.Lot, "gtin": found.Scan.GTIN, "packs": "yes", "quantity": "1",
		}
		if !found.Scan.Expiry.IsZero() {
			row["expiry"] = found.Scan.Expiry.String()
		}
		if p := found.Rows[0].Pack; p > 0 {
			row["pack"] = strconv.Itoa(p)
		}
		addLine(v, row)
	default:
		f.Set("scanlot", found.Scan.Lot)
		f.Set("scanexpiry", found.Scan.Expiry.String())
		f.Set("scangtin", found.Scan.GTIN)
		for _, row := range found.Rows {
			v.Found = append(v.Found, GoodsChoice{Key: row.Catalog + ";" + row.Code, Row: row})
		}
		if v.Asked = true; len(found.Rows) == 0 {
			f.Fail("q", "stock.scan-new")
		}
	}
}

func saveReceived(s *Server, r *http.Request, f *Form) (desk.Done, error) {
	in := desk.ReceiveInput{Supplier: f.Get("supplier"), Paper: f.Get("paper"), From: f.Get("from"), Confirmed: f.Values["confirmed"]}
	for _, row := range compact(f) {
		catalog, code, _ := strings.Cut(row["goods"], ";")
		in.Lines = append(in.Lines, desk.ReceiveLine{
			Catalog: catalog, Code: code, Lot: row["lot"], Expiry: row["expiry"], Quantity: row["quantity"], Packs: row["packs"] != "", Pack: row["pack"],
			Price: row["price"], Registration: row["registration"], Tender: row["tender"], GTIN: row["gtin"], Sent: row["sent"], Label: row["label"] != "",
		})
	}
	return s.opts.Desk.Receive(r.Context(), call(r, "act"), in)
}

// compact closes the gaps between the lines of a form, so that the desk's number of a line
// is the form's.
func compact(f *Form) []map[string]string {
	rows := readLines(f, "goods")
	writeLines(f, rows)
	return rows
}

func goodsOf(row map[string]string) clinic.Goods {
	g, _ := clinic.ParseGoodsKey(row["goods"]) // the desk refuses what is none
	return g
}

func saveCount(s *Server, r *http.Request, f *Form) (desk.Done, error) {
	in := desk.CountInput{Words: f.Get("words"), Confirmed: f.Values["confirmed"]}
	in.At, _ = strconv.ParseUint(f.Get("at"), 10, 64)
	for _, row := range compact(f) {
		booked, _ := strconv.ParseInt(row["booked"], 10, 64)
		in.Lines = append(in.Lines, desk.CountLine{Goods: goodsOf(row), Booked: clinic.Milli(booked), Found: row["found"]})
	}
	return s.opts.Desk.Count(r.Context(), call(r, "act"), in)
}

func adjustLines(f *Form) (out []desk.AdjustLine) {
	for _, row := range compact(f) {
		out = append(out, desk.AdjustLine{Goods: goodsOf(row), Quantity: row["quantity"]})
	}
	return out
}

func saveAdjust(s *Server, r *http.Request, f *Form) (desk.Done, error) {
	reason, _ := strconv.Atoi(f.Get("reason"))
	return s.opts.Desk.Adjust(r.Context(), call(r, "act"), desk.AdjustInput{
		Reason: clinic.AdjustReason(reason), Department: f.Get("department"), Words: f.Get("words"), Lines: adjustLines(f),
	})
}

func saveSend(s *Server, r *http.Request, f *Form) (desk.Done, error) {
	return s.opts.Desk.Send(r.Context(), call(r, "act"), desk.SendInput{To: f.Get("to"), Words: f.Get("words"), Lines: adjustLines(f)})
}

func saveRequisition(s *Server, r *http.Request, f *Form) (desk.Done, error) {
	in := desk.RequisitionInput{To: f.Get("to"), Words: f.Get("words")}
	for _, row := range compact(f) {
		catalog, code, _ := strings.Cut(row["goods"], ";")
		in.Lines = append(in.Lines, desk.RequisitionLine{Catalog: catalog, Code: code, Quantity: row["quantity"]})
	}
	return s.opts.Desk.Requisition(r.Context(), call(r, "act"), in)
}
