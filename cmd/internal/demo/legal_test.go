package demo

import (
	"context"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/testlog"
)

// legally waits until the centre signed what the doctor confirmed by PIN: the
// prescription and the slip carry legal signatures that the box believes.
func (v *visitor) legally(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(v.b.T.Context(), 2*time.Minute)
	defer cancel()
	begin := time.Now()
	v.login(v.b, "doctor")
	testlog.Eventually(ctx, t, "two legal signatures", func() bool {
		v.b.Open(v.at)
		text := strings.Join(strings.Fields(v.b.Text()), " ")
		return strings.Contains(text, "Đơn thuốc") && strings.Count(text, "Đã ký số") >= 2
	})
	t.Logf("legally signed %v after the visit", time.Since(begin).Round(time.Second))
	v.b.Shot("legal")
	v.b.Follow(`a[href*="/legal/"]`)
	v.b.Sees("Đã ký số", "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ")
	v.b.Shot("legal-document")
	v.b.Open(v.said.Clinic)
	v.b.Follow(`form[action="/logout"] button`)
}
