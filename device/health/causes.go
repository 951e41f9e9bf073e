package health

import (
	"slices"
	"time"
)

// The codes of the box's causes.
const (
	StoreFailed     = "store.failed"
	StoreReadOnly   = "store.readonly"
	StoreRebuilding = "store.rebuilding"
	StoreQuarantine = "store.quarantine"
	StoreLost       = "store.lost"
	StoreIndex      = "store.index"
	StoreState      = "store.state"
	StoreBlobs      = "store.blobs"
	KeysDamaged     = "keys.damaged"
	CopyAbsent      = "copy.absent"
	CopySameDisk    = "copy.same-disk"
	CopyFull        = "copy.full"
	CopyReadOnly    = "copy.read-only"
	CopyOther       = "copy.other"
	CopyAhead       = "copy.ahead"
	CopyDamaged     = "copy.damaged"
	CopyNewer       = "copy.newer"
	CopyFailed      = "copy.failed"
	CopyOld         = "copy.old"
	StoreRewound    = "store.rewound"
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
func Box() []Cause { return slices.Concat(records(), copies(), parts(), modems()) }

// records lists the causes of the records, of the disk that they are on, and of the
// keys.
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
			Code: StoreIndex, Severity: Warning,
			VI: "Chỉ mục hồ sơ bị hỏng trên thẻ nhớ; hồ sơ còn nguyên. Hết giờ khám, tắt rồi bật lại máy: chỉ mục tự dựng lại trong vài phút.",
			EN: "The index of the records is damaged on the medium; the records are not. After hours, switch the box off and on: it is rebuilt in some minutes.",
		},
		{
			Code: StoreState, Severity: Warning,
			VI: "Một phần trạng thái của máy (bản nháp, phiếu chờ in, số lần nhập sai PIN) không đọc được; hồ sơ còn nguyên. Gọi kỹ thuật viên.",
			EN: "Some of the box's state (drafts, waiting slips, counts of wrong PINs) cannot be read; the records are whole. Call the technician.",
		},
		{
			Code: StoreBlobs, Severity: Warning,
			VI: "Một số hình ảnh, giấy tờ quét không đọc được trên thẻ nhớ; các hồ sơ khác còn nguyên. Gọi kỹ thuật viên; giữ lại bản giấy.",
			EN: "Some scans and images cannot be read on this medium; the other records are whole. Call the technician, and keep the paper.",
		},
		{
			Code: KeysDamaged, Severity: Warning,
			VI: "Một tệp trong thư mục khóa bị hỏng. Đừng tắt máy; gọi kỹ thuật viên ngay để thay thẻ nhớ.",
			EN: "A file of the keys is damaged. Do not switch off; call the technician now to change the medium.",
		},
		{
			Code: StoreRewound, Severity: Warning,
			VI: "Nhật ký không còn như lúc máy đã ký: có mục bị mất hoặc bị thay. Vẫn làm việc được; gọi kỹ thuật viên, không xóa gì.",
			EN: "The journal is not what this box signed: entries are gone or were replaced. Work goes on; call the technician, delete nothing.",
		},
		{
			Code: DiskLow, Severity: Warning,
			VI: "Sắp hết chỗ lưu. Gọi kỹ thuật viên.",
			EN: "Storage is almost full. Call the technician.",
		},
	}
}

// copies are what may be wrong with the second medium. Each makes the copy old.
func copies() []Cause {
	return []Cause{
		{
			Code: CopyAbsent, Severity: Warning, Hides: []string{CopyOld}, After: time.Minute,
			VI: "Không thấy USB sao lưu. Cắm lại USB; hồ sơ vẫn được lưu trong máy.",
			EN: "The stick for the copy is not there. Plug it in; records are still saved in the box.",
		},
		{
			Code: CopySameDisk, Severity: Warning, Hides: []string{CopyOld},
			VI: "Chưa sao lưu: thư mục sao lưu nằm trên chính thẻ nhớ của máy, có lẽ USB chưa được gắn. Gọi kỹ thuật viên.",
			EN: "No copy is made: its folder is on the box's own medium, most likely the stick is not mounted. Call the technician.",
		},
		{
			Code: CopyFull, Severity: Warning, Hides: []string{CopyOld},
			VI: "USB sao lưu đã đầy; bản sao trước vẫn còn. Thay bằng USB lớn hơn, giữ lại USB cũ đến khi có bản sao mới.",
			EN: "The stick for the copy is full; the copy before is whole. Use a larger one, and keep the old one until there is a new copy.",
		},
		{
			Code: CopyReadOnly, Severity: Warning, Hides: []string{CopyOld},
			VI: "Không ghi được lên USB sao lưu. Gạt khóa chống ghi trên USB; nếu không có, thay USB.",
			EN: "The stick for the copy cannot be written. Release its lock; if it has none, change the stick.",
		},
		{
			Code: CopyOther, Severity: Warning, Hides: []string{CopyOld},
			VI: "USB này giữ bản sao của máy khác nên không bị ghi đè. Cắm đúng USB của máy này, hoặc một USB trống.",
			EN: "This stick holds another box's copy, which is left alone. Plug in this box's stick, or an empty one.",
		},
		{
			Code: CopyAhead, Severity: Warning, Hides: []string{CopyOld},
			VI: "USB này giữ hồ sơ mà máy không có. Rút ra, cất kỹ, không xóa gì; gọi kỹ thuật viên. Cắm một USB trống để sao lưu tiếp.",
			EN: "This stick holds records that the box does not have. Take it out, keep it safe, delete nothing; call the technician. Plug in an empty one meanwhile.",
		},
		{
			Code: CopyDamaged, Severity: Warning, Hides: []string{CopyOld},
			VI: "USB sao lưu bị hỏng: không đọc lại được điều vừa ghi. Thay USB.",
			EN: "The stick for the copy is failing: it does not give back what was written. Change it.",
		},
		{
			Code: CopyNewer, Severity: Warning, Hides: []string{CopyOld},
			VI: "Bản sao trên USB do phiên bản phần mềm mới hơn ghi nên không bị ghi đè. Gọi kỹ thuật viên.",
			EN: "The copy on the stick was made by a newer program and is left alone. Call the technician.",
		},
		{
			Code: CopyFailed, Severity: Warning, Hides: []string{CopyOld},
			VI: "Sao lưu ra USB bị lỗi; máy sẽ tự thử lại. Nếu còn lỗi, rút ra cắm lại hoặc thay USB.",
			EN: "The copy to the stick failed and is tried again. If it stays so, plug the stick in again, or change it.",
		},
		{
			Code: CopyOld, Severity: Warning,
			VI: "Bản sao lưu trên USB đã cũ hơn một ngày, hoặc chưa có. Kiểm tra USB.",
			EN: "The copy on the stick is older than a day, or there is none. Look after the stick.",
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
