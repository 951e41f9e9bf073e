package bench

import (
	"net/http"
	"strconv"
	"strings"
)

// scan sends any text through the scanner.
func (b *Bench) scan(r *http.Request) string {
	payload := strings.ReplaceAll(r.PostFormValue("payload"), "\r\n", "\n")
	if payload == "" {
		return "Chưa có gì để quét. / Nothing to scan."
	}
	return b.send(payload)
}

// card lays one of the desk's cards on the scanner.
func (b *Bench) card(r *http.Request) string {
	n, err := strconv.Atoi(r.PostFormValue("n"))
	if err != nil || n < 0 || n >= len(b.o.Cards) {
		return "Không có thẻ này. / No such card."
	}
	payload, ok := b.o.Cards[n].Payloads[r.PostFormValue("kind")]
	if !ok {
		return "Không có thẻ này. / No such card."
	}
	return b.send(payload)
}

func (b *Bench) send(payload string) string {
	if b.o.Scanner == nil {
		return "Máy quét thật đang dùng. / A scanner from outside is used."
	}
	if err := b.o.Scanner.Scan(payload); err != nil {
		return "Máy quét không gửi được. / The scanner could not send: " + err.Error()
	}
	return "Đã quét. Xem trang của trạm. / Scanned. Look at the clinic's page."
}

func (b *Bench) link(r *http.Request) string {
	up := r.PostFormValue("up") == "1"
	b.o.Cable.Set(up)
	if up {
		return "Đã cắm lại đường truyền. / The link is back."
	}
	return "Đã rút đường truyền: trạm vẫn làm việc. / The link is pulled: the clinic goes on."
}

func (b *Bench) setPaper(r *http.Request) string {
	in := r.PostFormValue("in") == "1"
	if b.o.Printer == nil {
		return "Máy in thật đang dùng. / A printer from outside is used."
	}
	b.o.Printer.SetPaper(in)
	b.mu.Lock()
	b.paper = in
	b.mu.Unlock()
	if in {
		return "Đã lắp giấy. / Paper is in."
	}
	return "Đã lấy giấy ra. / The paper is out."
}
