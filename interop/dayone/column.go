package dayone

import (
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// headings are the names that files give to columns, as sheet.Key writes them.
func headings(column string) string {
	switch column {
	case "number":
		return "stt tt no"
	case "name":
		return "name fullname patientname hoten hovaten hotenbenhnhan tenbenhnhan hotennguoibenh hotenbn tenbn ten"
	case "birth":
		return "birth birthdate dob dateofbirth ngaysinh namsinh ngaythangnamsinh ngaysinhnamsinh sinhngay yearofbirth birthyear ns"
	case "age":
		return "age tuoi"
	case "sex":
		return "sex gender gioitinh gioi phai"
	case "male":
		return "nam male"
	case "female":
		return "nu female"
	case "citizen":
		return "citizen citizenid nationalid cccd socccd sodinhdanh sodinhdanhcanhan madinhdanh cancuoc socancuoc cccdcmnd socccdcmnd cmndcccd socmndcccd"
	case "oldid":
		return "oldid cmnd socmnd cmt socmt chungminhnhandan"
	case "insurance":
		return "insurance insurancenumber bhyt sobhyt thebhyt sothebhyt mathe mathebhyt"
	case "social":
		return "social bhxh masobhxh mabhxh sobhxh"
	case "passport":
		return "passport hochieu sohochieu"
	case "phone":
		return "phone telephone mobile sdt sodienthoai dienthoai dt didong sodt"
	case "address":
		return "address diachi noio choo diachithuongtru hokhau"
	case "ethnic":
		return "ethnic dantoc madantoc"
	case "occupation":
		return "occupation nghenghiep"
	case "guardian":
		return "guardian nguoigiamho nguoinha chame hotenbome bome nguoithan"
	case "allergies":
		return "allergies allergy diung tiensudiung thuocdiung"
	}
	return ""
}

// visitHeadings are those that only a list of visits has.
func visitHeadings(column string) string {
	switch column {
	case "date":
		return "date visitdate ngaykham ngay ngayden ngayvao thoigiankham"
	case "reason":
		return "reason complaint lydo lydokham trieuchung lydovaovien"
	case "history":
		return "history tiensu benhsu tiensubenh"
	case "finding":
		return "finding findings kham khamlamsang ketqua dieutri xutri thuoc toathuoc donthuoc"
	case "icd":
		return "icd icd10 maicd maicd10 mabenh"
	case "diagnosis":
		return "diagnosis chandoan benh tenbenh"
	case "author":
		return "author doctor nguoikham bacsi bskham ysi"
	case "pressure":
		return "pressure bp bloodpressure huyetap ha"
	case "pulse":
		return "pulse mach"
	case "temperature":
		return "temperature nhietdo"
	case "weight":
		return "weight cannang"
	case "height":
		return "height chieucao"
	}
	return ""
}

// Columns returns the names of what a list may hold, in the order of pages.
func Columns(list clinic.OldList) []string {
	of := []string{"name", "birth", "age", "sex", "citizen", "oldid", "insurance", "social", "passport", "phone", "address", "ethnic", "occupation", "guardian", "allergies"}
	if list == clinic.OldVisits {
		of = append([]string{"date"}, "name", "birth", "citizen", "oldid", "insurance", "social", "passport",
			"reason", "history", "finding", "icd", "diagnosis", "author", "pressure", "pulse", "temperature", "weight", "height")
	}
	return of
}

// column returns the column that a file's name of one means, or "".
func column(list clinic.OldList, s string) string {
	key := sheet.Key(s)
	if key == "" {
		return ""
	}
	for _, c := range append(Columns(list), "number", "male", "female", "age", "sex") {
		if slices.Contains(strings.Fields(headings(c)), key) || list == clinic.OldVisits && slices.Contains(strings.Fields(visitHeadings(c)), key) {
			return c
		}
	}
	return ""
}
