package hubmain

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/db"
	"clinicbox/internal/cert"
)

func (p *Program) boxes(ctx context.Context) error {
	switch {
	case p.args[0] == "list" && len(p.args) == 1:
		return p.database(ctx, p.list(ctx))
	case p.args[0] == "show" && len(p.args) == 2:
		return p.trusted(ctx, func(c *centre) error { return p.show(ctx, c, p.args[1]) })
	}
	return p.usage()
}

// list prints one line a box: name, entries held, certificate, facility.
func (p *Program) list(ctx context.Context) func(*db.DB) error {
	return func(d *db.DB) error {
		bs, err := d.Boxes(ctx)
		if err != nil {
			return err
		}
		for i := range bs {
			ss, err := d.Streams(ctx, bs[i].Name)
			if err != nil {
				return err
			}
			held := uint64(0)
			for j := range ss {
				held += ss[j].Size
			}
			fmt.Fprintf(p.Stdout, "%s\t%d\t%s\t%s\t%s\n", bs[i].Name, held, bs[i].Facility.Name, bs[i].Serial, ended(cert.Reason(bs[i].Revoked)))
		}
		return nil
	}
}

func ended(r cert.Reason) string {
	switch r {
	case 0:
		return "-"
	case cert.ReasonReplaced:
		return "đã thay/replaced"
	case cert.ReasonStolen:
		return "mất cắp/stolen"
	}
	return "đã thu hồi/revoked"
}

func state(s cert.State) string {
	switch s {
	case cert.StateOpen:
		return "đang mở/open"
	case cert.StateLocked:
		return "đang khóa/locked"
	case cert.StateBlocked:
		return "bị cấm mở/blocked"
	case cert.StateErased:
		return "đã xóa/erased"
	}
	return fmt.Sprintf("?%d", s)
}

// show prints what is known of one machine.
func (p *Program) show(ctx context.Context, c *centre, ref string) error {
	b, err := c.authority.Box(ctx, ref)
	if err != nil {
		return err
	}
	line := func(vi, en string, v any) { fmt.Fprintf(p.Stdout, "%s / %s: %v\n", vi, en, v) }
	line("hộp", "box", b.Facility.Box)
	line("số chứng thư", "serial", b.Serial)
	line("cơ sở", "facility", b.Facility.Code+" "+b.Facility.Name)
	line("cấp lúc", "issued", b.Issued.In(clinic.ICT).Format(time.DateTime))
	if b.Revoked != nil {
		line("tình trạng", "state", ended(b.Revoked.Reason))
	}
	row, err := c.db.Box(ctx, b.Facility.Box)
	if err == nil && row.Serial == b.Serial.String() && !row.LastSeen.IsZero() {
		line("gửi bản ghi lần cuối", "records last", row.LastSeen.In(clinic.ICT).Format(time.DateTime))
	} else if err != nil && !errors.Is(err, hub.ErrUnknownBox) {
		return err
	}
	beats, err := c.db.Beats(ctx)
	if err != nil {
		return err
	}
	obeyed := uint64(0)
	if beat, ok := beats[b.Serial.String()]; ok {
		obeyed = beat.Obeyed
		line("báo hoạt động lần cuối", "last heartbeat", beat.At.In(clinic.ICT).Format(time.DateTime))
		line("máy", "machine", state(cert.State(beat.State)))
		line("chương trình", "program", strconv.Quote(beat.Agent)) // the machine's own words
	} else {
		line("báo hoạt động lần cuối", "last heartbeat", "-")
	}
	line("lệnh đã ra / đã làm", "orders given / obeyed", fmt.Sprintf("%d / %d", b.Orders, obeyed))
	return nil
}

// people prints the certificates of a facility's people, or of all, and what waits.
func (p *Program) people(ctx context.Context) error {
	return p.trusted(ctx, func(c *centre) error {
		if err := c.registrar.Scan(ctx); err != nil {
			return err
		}
		codes, err := facilities(ctx, c, p.flags.facility)
		if err != nil {
			return err
		}
		for _, code := range codes {
			people, err := c.authority.People(ctx, code)
			if err != nil {
				return err
			}
			for i := range people {
				fmt.Fprintf(p.Stdout, "%s\t%s\t%s\t%v\t%s\n", code, people[i].Person, people[i].Serial, people[i].Role, standing(&people[i]))
			}
		}
		waiting, err := c.registrar.Waiting(ctx, p.flags.facility)
		if err != nil {
			return err
		}
		for _, w := range waiting {
			fmt.Fprintf(p.Stdout, "%s\t%s\t%s\t%v\tđang chờ/waits\t%s\t%s\n", w.Facility, w.Person, w.Digest[:16], w.Role, w.Box, w.Problem)
		}
		return nil
	})
}

func standing(p *authority.Person) string {
	switch {
	case p.Decision == nil:
		return "đã cấp/certified"
	case p.Accepted:
		return "đã xác nhận/ratified"
	}
	return "đã từ chối/rejected"
}

func facilities(ctx context.Context, c *centre, only string) (out []string, err error) {
	if only != "" {
		return []string{only}, nil
	}
	boxes, err := c.authority.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i := range boxes {
		if code := boxes[i].Facility.Code; !seen[code] {
			seen[code] = true
			out = append(out, code)
		}
	}
	return out, nil
}
