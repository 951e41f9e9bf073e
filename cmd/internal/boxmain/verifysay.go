package boxmain

import (
	"fmt"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
)

// sayLog says what the whole log is worth.
func (p *Program) sayLog(x *gathered) error {
	sum := x.signs.sum(x.states)
	p.count(journalCounts(x.Report, sum))
	x.sayKey(p)
	return p.conclude(x.Report, sum)
}

// sayKey prints by what others verify what this box hands out.
func (x *gathered) sayKey(p *Program) {
	if x.signed == nil {
		fmt.Fprintln(p.Stdout, "CHƯA CÓ điểm kiểm tra nào được ký cho nhật ký này / NO checkpoint of this journal is signed")
		return
	}
	fmt.Fprintf(p.Stdout, "khóa công khai của nhật ký / public key of the log: %s\n", checkpoint.KeyLine(x.signed.Origin, x.key))
}

// sayRecords says what each record that was asked about is worth. ErrDamage when one is
// not as it must be, or the journals are not.
func (p *Program) sayRecords(x *gathered) error {
	all := x.verdicts()
	if len(all) == 0 {
		return fmt.Errorf("%w: %w", errNoRecord, ErrDamage)
	}
	bad := 0
	for i := range all {
		bad += len(all[i].bad)
		if x.q.patient.IsZero() {
			x.tell(p, &all[i])
		} else {
			x.row(p, &all[i])
		}
	}
	for _, problem := range x.Problems {
		fmt.Fprintf(p.Stdout, "!  %s\n", problem)
	}
	switch {
	case bad > 0:
		return fmt.Errorf("%w: %w: %d", errNotProven, ErrDamage, bad)
	case len(x.Problems) > 0:
		return fmt.Errorf("%w: %d", ErrDamage, len(x.Problems))
	}
	fmt.Fprintf(p.Stdout, "đúng / good: %d\n", len(all))
	return nil
}

const saidTime = "2006-01-02 15:04:05"

// tell says everything of one record.
func (x *gathered) tell(p *Program, v *verdict) {
	line := func(vi, en, format string, args ...any) {
		fmt.Fprintf(p.Stdout, "%s / %s: %s\n", vi, en, fmt.Sprintf(format, args...))
	}
	r := &v.rec
	line("mục", "entry", "%s", refText(r.Ref))
	line("mã băm", "leaf hash", "%x", r.Leaf)
	line("trong nhật ký", "in the log", "%s", x.logWords(v))
	if x.q.paper != nil {
		line("giấy", "paper", "%s", x.paperWords())
	}
	if !v.hole {
		line("loại", "kind", "%s", kindWords(r.Kind))
		if !r.Subject.IsZero() {
			line("hồ sơ", "record of", "%s", r.Subject)
		}
		line("ghi lúc", "recorded", "%s, %s", r.Recorded().Format(saidTime), clockWords(r.Trusted))
		line("việc xảy ra", "happened", "%s", r.Event.In(clinic.ICT).Format(saidTime))
		line("người ghi", "by", "%s", x.name(r.Author))
		for i := range v.by {
			line("chữ ký", "signature", "%s", x.signWords(&v.by[i], v.states[i]))
		}
		if len(v.by) == 0 {
			line("chữ ký", "signature", "%s", "chưa có / none")
		}
		line("từ đó", "since", "%s", x.fateWords(&v.fate))
	}
	for _, b := range v.bad {
		fmt.Fprintf(p.Stdout, "!  %s\n", b)
	}
}

// row says one record of a patient's in a line.
func (x *gathered) row(p *Program, v *verdict) {
	state := []string{"-"}
	if len(v.states) > 0 {
		state = nil
		for _, s := range v.states {
			state = append(state, stateWords(s))
		}
	}
	fmt.Fprintf(p.Stdout, "%-10s %s  %s | %s | %s | %s\n", refText(v.rec.Ref), v.rec.Recorded().Format(saidTime),
		kindWords(v.rec.Kind), x.logWords(v), strings.Join(state, ", "), x.fateWords(&v.fate))
	for _, b := range v.bad {
		fmt.Fprintf(p.Stdout, "!  %s: %s\n", refText(v.rec.Ref), b)
	}
}

func refText(r clinic.Ref) string { return fmt.Sprintf("%s:%d", journalName(r.Journal), r.Index) }

// logWords says under which checkpoints the record was found.
func (x *gathered) logWords(v *verdict) string {
	var out []string
	if v.signed {
		c := x.signed
		if v.rec.Ref.Journal == clinic.In {
			c = x.received
		}
		out = append(out, fmt.Sprintf("chứng minh được dưới điểm kiểm tra %d mục mà hộp đã ký / proven under the checkpoint of %d entries that the box signed", c.Size, c.Size))
	}
	if v.cosign {
		who := strings.Join(checkpoint.Witnesses(x.CosignedNote), ", ")
		out = append(out, fmt.Sprintf("và %d mục mà %s đồng ký / and of %d that %s cosigned", x.cosigned.Size, who, x.cosigned.Size, who))
	}
	switch {
	case len(out) > 0:
	case v.rec.Ref.Journal == clinic.In:
		out = append(out, "nhận từ nơi khác: hộp này không ký / received from elsewhere: this box does not sign it")
	default:
		out = append(out, "CHƯA có điểm kiểm tra nào bao gồm / under NO signed checkpoint yet")
	}
	return strings.Join(out, "; ")
}

func (x *gathered) paperWords() string {
	size := x.q.paper.Size
	switch x.tree() {
	case treeSame:
		return fmt.Sprintf("đúng nhật ký này khi có %d mục / this journal as it was with %d entries", size, size)
	case treeNamed:
		return "của chính nhật ký này; đầu cây lúc in không có trong tệp / of this very journal; its root at printing is not in the file"
	case treeOther:
		return "của nhật ký khác, hoặc từ trước một lần khôi phục: chỉ so được mã băm / of another journal, or from before a restore: only the leaf hash is compared"
	}
	return "KHÔNG khớp với nhật ký / does NOT agree with the journal"
}

func clockWords(trusted bool) string {
	if trusted {
		return "giờ tin cậy / trusted clock"
	}
	return "giờ KHÔNG chắc / clock NOT trusted"
}

// name is who recorded something; the box itself for nobody.
func (x *gathered) name(person clinic.ID) string {
	if person.IsZero() {
		return "hộp / the box"
	}
	if s, ok := x.staff[person].Body.(*clinic.Staff); ok {
		return strings.TrimSpace(s.Title + " " + s.Name)
	}
	return person.String()
}

func (x *gathered) signWords(r *clinic.Record, s clinic.SignatureState) string {
	return fmt.Sprintf("%s, %s, %s: %s", refText(r.Ref), x.name(r.Author), r.Recorded().Format(saidTime), stateWords(s))
}

// stateWords says in both languages what a signature is worth.
func stateWords(s clinic.SignatureState) string {
	switch s {
	case clinic.SignatureGood:
		return "đúng / good"
	case clinic.SignatureUnconfirmed:
		return "khớp, trung tâm chưa xác nhận khóa / fits, the centre has not confirmed the key"
	case clinic.SignatureKeyless:
		return "xác nhận bằng PIN, từ trước khi có khóa ký / confirmed with the PIN, before people had keys"
	}
	return "KHÔNG được tính: " + voidWords(s)
}

func (x *gathered) fateWords(f *clinic.Fate) string {
	var out []string
	if f.By != nil {
		out = append(out, fmt.Sprintf("ĐÃ SỬA bằng / CORRECTED by %s, %s, %s", refText(f.By.Ref), x.name(f.By.Author), f.By.Recorded().Format(saidTime)))
	}
	if f.Ended != nil {
		out = append(out, fmt.Sprintf("lượt khám ĐÃ HỦY / the visit was ENDED: %s, %s", refText(f.Ended.Ref), f.Ended.Recorded().Format(saidTime)))
	}
	if len(out) == 0 {
		return "không đổi / unchanged"
	}
	return strings.Join(out, "; ")
}

// kindWords names a kind in both languages.
func kindWords(k clinic.Kind) string {
	vi := map[clinic.Kind]string{
		clinic.KindFacility: "cơ sở", clinic.KindStaff: "nhân viên", clinic.KindCatalogRow: "danh mục", clinic.KindCredential: "khóa ký",
		clinic.KindStatement: "văn bản của trung tâm", clinic.KindMachine: "việc của máy", clinic.KindEscrow: "mở qua điện thoại",
		clinic.KindPatient: "hành chính", clinic.KindAllergies: "dị ứng", clinic.KindProtection: "bảo vệ hồ sơ", clinic.KindLink: "nối hồ sơ",
		clinic.KindVisit: "lượt khám", clinic.KindVitals: "sinh hiệu", clinic.KindExam: "khám", clinic.KindDiagnosis: "chẩn đoán",
		clinic.KindPrescribe: "đơn thuốc", clinic.KindBill: "chi phí", clinic.KindAppointment: "hẹn khám lại", clinic.KindSigned: "ký xác nhận",
		clinic.KindVisitEnded: "kết thúc lượt khám", clinic.KindArrived: "dùng phiếu hẹn", clinic.KindLegalAsked: "yêu cầu ký số",
		clinic.KindLegalSigned: "ký số", clinic.KindAttached: "tệp đính kèm", clinic.KindPaper: "giấy đã in", clinic.KindViewed: "xem hồ sơ",
		clinic.KindLooked: "xem hồ sơ", clinic.KindAcknowledged: "đã biết việc mở hồ sơ",
		clinic.KindReceived: "nhập kho", clinic.KindDispensed: "phát thuốc, vật tư", clinic.KindReturned: "người bệnh trả lại",
		clinic.KindCounted: "kiểm kê", clinic.KindAdjusted: "điều chỉnh kho", clinic.KindRequisition: "dự trù",
		clinic.KindImmunised: "tiêm chủng", clinic.KindReaction: "theo dõi sau tiêm", clinic.KindSession: "buổi tiêm chủng",
		clinic.KindAlert: "báo dịch", clinic.KindAlertTold: "đã báo dịch", clinic.KindReport: "báo cáo tháng",
		clinic.KindOrder: "chỉ định xét nghiệm", clinic.KindSample: "mẫu xét nghiệm", clinic.KindResult: "kết quả xét nghiệm", clinic.KindReviewed: "đã xem kết quả",
		clinic.KindDelivery: "sinh", clinic.KindBirthCertificate: "giấy chứng sinh", clinic.KindPregnancy: "thai kỳ", clinic.KindAntenatal: "khám thai",
		clinic.KindEnrolled: "theo dõi trong chương trình", clinic.KindDeath: "tử vong", clinic.KindTraditional: "khám y học cổ truyền",
		clinic.KindEmergencyNotice: "báo tin cấp cứu", clinic.KindStay: "giường nằm lưu", clinic.KindCare: "phiếu chăm sóc", clinic.KindDischarge: "ra viện",
		clinic.KindHealthBook: "sổ sức khỏe", clinic.KindHealthCheck: "khám sức khỏe",
		clinic.KindSettled: "chọn giữa hai bản", clinic.KindAsked: "hỏi bệnh án nơi khác", clinic.KindSummary: "tóm tắt bệnh án nơi khác",
	}[k]
	if vi == "" {
		return "không rõ / " + k.String()
	}
	return vi + " / " + k.String()
}
