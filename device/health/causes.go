package health

import "time"

// The codes of the box's causes.
const (
	StoreFailed     = "store.failed"
	StoreReadOnly   = "store.readonly"
	StoreRebuilding = "store.rebuilding"
	StoreQuarantine = "store.quarantine"
	StoreLost       = "store.lost"
	DiskLow         = "disk.low"
	Locked          = "box.locked"
	KeysDevelopment = "keys.development"
	ClockUntrusted  = "clock.untrusted"
	LinkOff         = "link.off"
	LinkDown        = "link.down"
	HubSilent       = "hub.silent"
	ScannerAbsent   = "scanner.absent"
	PrinterAbsent   = "printer.absent"
	PrinterPaper    = "printer.paper"
	PrinterStopped  = "printer.stopped"
	LegalRoots      = "legal.roots"
)

// Box lists the causes that a box knows.
func Box() []Cause { return append(records(), parts()...) }

// records lists the causes of the records and the disk that they are on.
func records() []Cause {
	return []Cause{
		{
			Code: StoreFailed, Severity: Failure, Hides: []string{StoreRebuilding},
			VI: "Không ghi được hồ sơ. Ghi tạm ra giấy và gọi kỹ thuật viên.",
			EN: "Records cannot be saved. Write on paper and call the technician.",
		},
		{
			Code: StoreRebuilding, Severity: Failure,
			VI: "Đang dựng lại chỉ mục hồ sơ. Chờ vài phút, không tắt máy.",
			EN: "The index of the records is being rebuilt. Wait a few minutes; do not switch off.",
		},
		{
			Code: StoreReadOnly, Severity: Failure,
			VI: "Thẻ nhớ chỉ còn đọc được: xem hồ sơ được, không lưu được gì. Ghi tạm ra giấy và gọi kỹ thuật viên; ai xem hồ sơ nào lúc này chỉ được nhớ đến khi tắt máy.",
			EN: "The storage can only be read: records open, nothing can be saved. Write on paper and call the technician; who looks at which record is remembered only until the box is switched off.",
		},
		{
			Code: StoreQuarantine, Severity: Warning,
			VI: "Có hồ sơ không đọc được trên thẻ nhớ. Gọi kỹ thuật viên; các hồ sơ khác vẫn dùng được.",
			EN: "Some records on this medium cannot be read. Call the technician; the others work.",
		},
		{
			Code: StoreLost, Severity: Warning,
			VI: "Sau lần mất điện, thẻ nhớ đã làm mất những hồ sơ vừa lưu. Xem lại giấy tờ của những người bệnh cuối cùng và nhập lại; thay thẻ nhớ.",
			EN: "The medium lost records that had just been saved before the last stop. Look at the papers of the last patients and enter them again; replace the medium.",
		},
		{
			Code: DiskLow, Severity: Warning,
			VI: "Sắp hết chỗ lưu. Gọi kỹ thuật viên.",
			EN: "Storage is almost full. Call the technician.",
		},
	}
}

// parts lists the causes of everything else.
func parts() []Cause {
	return []Cause{
		{
			Code: Locked, Severity: Failure,
			VI: "Máy đang khóa: trang của máy nói cách mở, hoặc vì sao không mở được.",
			EN: "The box is locked: its page says how to open it, or why it stays shut.",
		},
		{
			Code: KeysDevelopment, Severity: Info,
			VI: "Khóa lưu trữ nằm trong tệp: chỉ dùng để thử nghiệm, không dùng cho người bệnh thật.",
			EN: "The storage key is in a file: for trials only, not for real patients.",
		},
		{
			Code: ClockUntrusted, Severity: Warning,
			VI: "Giờ của máy chưa chắc đúng. Kiểm tra ngày giờ trước khi ký và in.",
			EN: "The clock may be wrong. Check date and time before signing and printing.",
		},
		{
			Code: LinkOff, Severity: Info, Hides: []string{LinkDown, HubSilent},
			VI: "Máy chạy độc lập: chưa gia nhập trung tâm, hồ sơ chỉ có tại đây. Người quản trị: Máy và trung tâm.",
			EN: "The box works alone: it joined no centre, records exist only here. Administrator: the page about the box and the centre.",
		},
		{
			Code: LinkDown, Severity: Info, After: 2 * time.Minute, Hides: []string{HubSilent},
			VI: "Mất kết nối với trung tâm. Vẫn làm việc bình thường; hồ sơ sẽ được gửi khi có mạng.",
			EN: "No link to the centre. Work goes on; records are sent when it is back.",
		},
		{
			Code: HubSilent, Severity: Warning, After: 15 * time.Minute,
			VI: "Có mạng nhưng trung tâm chưa xác nhận hồ sơ. Báo cho người vận hành.",
			EN: "The link works but the centre confirms nothing. Tell the operator.",
		},
		{
			Code: ScannerAbsent, Severity: Warning, After: 5 * time.Second,
			VI: "Không thấy máy quét. Cắm lại dây USB; có thể nhập tay.",
			EN: "The scanner is not found. Plug it in again; typing works.",
		},
		{
			Code: PrinterAbsent, Severity: Warning, After: 5 * time.Second, Hides: []string{PrinterPaper, PrinterStopped},
			VI: "Không thấy máy in. Bật máy in và kiểm tra dây; phiếu đang chờ sẽ được in sau.",
			EN: "The printer is not found. Switch it on and check the cable; waiting slips are kept.",
		},
		{
			Code: PrinterPaper, Severity: Warning, Hides: []string{PrinterStopped},
			VI: "Máy in hết giấy. Lắp giấy mới; phiếu sẽ tự in tiếp.",
			EN: "The printer is out of paper. Put in a new roll; slips go on by themselves.",
		},
		{
			Code: LegalRoots, Severity: Warning,
			VI: "Không đọc được tệp tổ chức chứng thực (legal.roots): chưa chữ ký số nào có giá trị tại máy này, giấy in ra để ký tay.",
			EN: "The file of certification authorities (legal.roots) cannot be read: no digital signature counts here, papers are signed by hand.",
		},
		{
			Code: PrinterStopped, Severity: Warning,
			VI: "Máy in dừng giữa chừng. Kiểm tra nắp và giấy; phiếu sẽ được in lại.",
			EN: "The printer stopped. Check cover and paper; the slip will be printed again.",
		},
	}
}
