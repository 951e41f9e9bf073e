package paper

import (
	"time"

	"clinicbox/clinic"
)

// Test returns a plain slip that shows whether a printer prints: letters with
// every mark, sizes, a line, both codes.
func Test(f clinic.Facility, now time.Time) Doc {
	return Doc{Form: "test", Blocks: []Block{
		Text("PHIẾU IN THỬ").Sized(Large).Strong().At(Center),
		Text(f.Name).At(Center),
		Rule(),
		Text("Thường: ằ ẳ ẵ ặ ế ề ể ễ ệ ố ồ ổ ỗ ộ ớ ờ ở ỡ ợ ứ ừ ử ữ ự đ Đ"),
		Text("Nhỏ: Nguyễn Thị Mẫu, xã đảo Song Tử").Sized(Small),
		Text("Đậm: 0123456789").Strong(),
		Row("Thiết bị", f.Box),
		Row("Giờ của thiết bị", now.In(clinic.ICT).Format("15:04 02/01/2006")),
		Space(2),
		QR("CLINICBOX TEST"),
		Code128("CLINICBOX"),
		Text("Giấy này không có giá trị sử dụng.").Sized(Small).At(Center),
	}}
}
