package desk

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// The Paper.Form of papers of stock.
const (
	formTransfer    = "transfer"
	formRequisition = "requisition"
)

// maxLabels is how many labels one press of the button prints.
const maxLabels = 50

// PrintLabels queues labels of a batch with our own code: as many as it has boxes. It
// records nothing, as a label says nothing of a patient and may be printed again.
func (d *Desk) PrintLabels(ctx context.Context, c Call, g clinic.Goods, copies int) error {
	if copies < 1 || copies > maxLabels {
		return &Error{Code: CodeStockRange, Field: "copies", Args: map[string]string{"max": "50"}}
	}
	l := paper.Label{Lot: g.Lot, Expiry: g.Expiry, Copies: copies}
	err := d.view(ctx, func(r Reader) error {
		if _, err := who(r, c.By, rightReceive); err != nil {
			return err
		}
		l.Name = named(row(r, g, d.today()))
		records, err := r.StockRecords(clinic.Batch{Site: d.site(), Goods: g})
		for i := range records {
			b, ok := records[i].Body.(*clinic.Received)
			if !ok {
				continue
			}
			for _, x := range b.Lines {
				if x.Goods == g && x.Label != "" {
					l.Code = x.Label
				}
			}
		}
		if err == nil && l.Code == "" {
			return &Error{Code: CodeStockNone, Args: map[string]string{"code": lotName(g)}}
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.enqueue(ctx, c, l.Doc(), nil)
}

// PrintStockPaper records the copy of a transfer or requisition and queues the paper; as
// PrintAppointment.
func (d *Desk) PrintStockPaper(ctx context.Context, c Call, code string) (Done, error) {
	if _, err := d.trusted(); err != nil {
		return Done{}, err
	}
	form, subject := formTransfer, clinic.TransfersID()
	if _, _, err := clinic.ParseRequisitionCode(code); err == nil {
		form, subject = formRequisition, clinic.RequisitionsID()
	}
	done, err := d.save(ctx, c, plan{
		need: rightReceive, kind: clinic.KindPaper, patient: subject,
		build: func(w *work) ([]clinic.Draft, error) {
			if !w.sure {
				return nil, &Error{Code: CodeClockUntrusted}
			}
			of, n, err := stockPaper(w, subject, code)
			if err != nil {
				return nil, err
			}
			if of == nil {
				return nil, &Error{Code: CodeStockNone, Args: map[string]string{"code": code}}
			}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: subject, Body: &clinic.Paper{Form: form, Code: code, Copy: n + 1}}}, nil
		},
		same: func(b any) bool { p, ok := b.(*clinic.Paper); return ok && p.Form == form && p.Code == code },
	})
	if err != nil {
		return Done{}, err
	}
	doc, err := d.stockDoc(ctx, &done.Records[0])
	return done, d.enqueue(ctx, c, doc, err)
}

// stockPaper finds the entry of a code and how often its paper was printed.
func stockPaper(r People, subject clinic.ID, code string) (of *clinic.Record, copies int, err error) {
	records, err := r.Records(subject)
	for i := range records {
		switch b := records[i].Body.(type) {
		case *clinic.Adjusted:
			if b.Code == code && of == nil {
				of = &records[i]
			}
		case *clinic.Requisition:
			if b.Code == code && of == nil {
				of = &records[i]
			}
		case *clinic.Paper:
			if b.Code == code {
				copies = max(copies, b.Copy)
			}
		}
	}
	return of, copies, err
}

// stockDoc lays out the paper that the record says was printed.
func (d *Desk) stockDoc(ctx context.Context, r *clinic.Record) (doc paper.Doc, err error) {
	printed := r.Body.(*clinic.Paper)
	var of *clinic.Record
	var people map[clinic.ID]Person
	days := 0
	err = d.view(ctx, func(reader Reader) error {
		if of, _, err = stockPaper(reader, r.Subject, printed.Code); err != nil {
			return err
		}
		if of == nil {
			return &Error{Code: CodeLost}
		}
		days = rulesOn(reader, clinic.DateOf(of.Event)).Use
		people, err = names(reader)
		return err
	})
	if err != nil {
		return doc, err
	}
	qr, err := d.paperQR(of, "")
	if err != nil {
		return doc, err
	}
	author, by, f := people[of.Author].Staff, people[r.Author].Name, d.o.Site.Facility
	switch b := of.Body.(type) {
	case *clinic.Adjusted:
		t := paper.Transfer{
			Facility: f, Adjusted: *b, Sender: author, Made: of.Event, Printer: by, Printed: r.Event, QR: qr,
			Goods: clinic.GoodsQR(b.Code, b.Lines), Copy: printed.Copy,
		}
		doc = t.Doc()
	case *clinic.Requisition:
		q := paper.Requisition{
			Facility: f, Requisition: *b, Days: days, Author: author, Made: of.Event, Printer: by, Printed: r.Event, QR: qr, Copy: printed.Copy,
		}
		doc = q.Doc()
	}
	return doc, nil
}
