// Package enrol answers new boxes over HTTP: a request's bytes in, the answer's
// bytes out. The one-time code proves both to each other, so the transport is
// trusted with nothing; what is left to do here is to keep whoever knows no code
// from loading the database.
package enrol

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

// MaxBody is more than any request has.
const MaxBody = 32 << 10

// Authority lets boxes in.
type Authority interface {
	Enrol(ctx context.Context, by authority.By, request []byte) (answer []byte, err error)
}

// Options of New. Authority nil says that there is none yet.
type Options struct {
	Authority Authority
	// Joined is called when a box has come in, also when it asks again: rows and
	// rights follow before it is answered, for it connects at once.
	Joined func(ctx context.Context) error
	Now    func() time.Time
	Log    *slog.Logger
}

type handler struct {
	Options
	limits *limits
	slots  chan struct{}
}

// New returns the handler of POST /enrol.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &handler{Options: o, limits: newLimits(), slots: make(chan struct{}, atOnce)}
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if h.Authority == nil {
		refuse(w, http.StatusServiceUnavailable, "Trung tâm chưa có thẩm quyền cấp chứng thư.", "This centre has no authority yet.")
		return
	}
	if !h.limits.admit(h.Now(), r) {
		busy(w)
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		busy(w)
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "Yêu cầu quá lớn.", "The request is too large.")
		return
	} else if err != nil {
		return // nobody waits for the answer
	}
	h.answer(w, r, raw)
}

func (h *handler) answer(w http.ResponseWriter, r *http.Request, raw []byte) {
	answer, err := h.Authority.Enrol(r.Context(), authority.By{Operator: "online", Reason: "request from " + host(r)}, raw)
	if err == nil && h.Joined != nil {
		err = h.Joined(r.Context())
	}
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer)
}

// refuse tells which of the few things went wrong that a technician can help.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	for _, c := range []struct {
		err    error
		status int
		vi, en string
	}{
		{cert.ErrCode, http.StatusNotFound, "Trung tâm không biết mã một lần này.", "The centre does not know this one-time code."},
		{authority.ErrUsed, http.StatusConflict, "Mã một lần này đã được một hộp khác dùng.", "This one-time code was used by another box."},
		{authority.ErrExists, http.StatusConflict, "Đã có một hộp đang hoạt động với tên này.", "A box of that name is in service."},
		{authority.ErrKey, http.StatusConflict, "Khóa của hộp này đã có chứng thư. Hộp phải tạo khóa mới.", "The keys of this box have a certificate already. It must make new ones."},
		{authority.ErrExpired, http.StatusGone, "Mã một lần này đã hết hạn hoặc đã bị mã mới hơn thay.", "This one-time code has expired, or a newer one took its place."},
		{cert.ErrForm, http.StatusBadRequest, "Yêu cầu không đọc được.", "The request cannot be read."},
		{cert.ErrKind, http.StatusBadRequest, "Đây không phải là yêu cầu của một hộp.", "This is not a request of a box."},
		{cert.ErrVersion, http.StatusBadRequest, "Yêu cầu thuộc phiên bản mới hơn trung tâm.", "The request is of a newer version than the centre."},
		{cert.ErrSignature, http.StatusBadRequest, "Chữ ký của yêu cầu không đúng.", "The request's signature does not fit."},
	} {
		if errors.Is(err, c.err) {
			h.Log.Info("enrolment refused", "from", host(r), "err", c.err)
			refuse(w, c.status, c.vi, c.en)
			return
		}
	}
	if r.Context().Err() != nil {
		return
	}
	h.Log.Error("enrolment", "err", err)
	refuse(w, http.StatusServiceUnavailable, "Trung tâm gặp lỗi. Mã vẫn còn dùng được, hãy thử lại sau ít phút.", "The centre has a fault. The code is still good; try again in some minutes.")
}

func busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	refuse(w, http.StatusTooManyRequests, "Quá nhiều yêu cầu. Hãy thử lại sau mười giây.", "Too many requests. Try again in ten seconds.")
}

func refuse(w http.ResponseWriter, status int, vi, en string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, vi+"\n"+en+"\n")
}
