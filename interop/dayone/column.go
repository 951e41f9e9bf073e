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

// doseHeadings are those that only a list of vaccines has.
func doseHeadings(column string) string {
	switch column {
	case "given":
		return "given date dateofvaccination ngaytiem ngaytiemchung ngay"
	case "vaccine":
		return "vaccine vacxin vaxin tenvacxin loaivacxin mavacxin tenvaccine loaivaccine mavaccine vacxintiem"
	case "dose":
		return "dose dosenumber mui muiso muithu muitiem lan lanthu lantiem"
	case "place":
		return "place noitiem diadiem diadiemtiem cosotiem cosotiemchung noitiemchung"
	}
	return lotHeading(column)
}

// pastHeadings are those that only a list of histories has.
func pastHeadings(column string) string {
	switch column {
	case "past":
		return "past history tiensu tiensubenh tiensubanthan benhsu noidung benh benhly tenbenh"
	case "about":
		return "about kind loai loaitiensu"
	case "year":
		return "year nam nammac nambi namphathien"
	}
	return ""
}

// goodsHeadings are those that only a list of stock has.
func goodsHeadings(column string) string {
	switch column {
	case "kind":
		return "kind catalog loai loaihang"
	case "code":
		return "code ma mathuoc mavattu mavt mahang mahanghoa mavacxin mathuocvattu"
	case "goods":
		return "goods name ten tenthuoc tenhang tenhanghoa tenvattu tenvacxin tenthuocvattu tenthuochamluong thuoc"
	case "gtin":
		return "gtin mavach barcode"
	case "registration":
		return "registration sodangky sodk sdk gplh sogplh giaypheplhanh"
	case "tender":
		return "tender thau sothau thongtinthau ttthau quyetdinhthau goithau"
	case "expiry":
		return "expiry expirydate expires handung hansudung hsd han"
	case "received":
		return "received ngaynhap ngaynhapkho"
	case "quantity":
		return "quantity qty soluong sl ton tonkho soluongton tondau tondauky toncuoi toncuoiky"
	case "unit":
		return "unit donvi donvitinh dvt"
	case "pack":
		return "pack packsize donggoi sodonvi sovientronghop soluongtronghop slhop lieulo solieulo"
	case "price":
		return "price unitprice gia dongia gianhap dongianhap"
	}
	return lotHeading(column)
}

func lotHeading(column string) string {
	if column != "lot" {
		return ""
	}
	return "lot batch batchnumber lotnumber lo solo losx solosx losanxuat solosanxuat"
}

// Columns returns the names of what a list may hold, in the order of pages.
func Columns(list clinic.OldList) []string {
	of := []string{"name", "birth", "age", "sex", "citizen", "oldid", "insurance", "social", "passport", "phone", "address", "ethnic", "occupation", "guardian", "allergies"}
	who := []string{"name", "birth", "citizen", "oldid", "insurance", "social", "passport"}
	switch list {
	case clinic.OldVisits:
		of = append([]string{"date"}, append(who, "reason", "history", "finding", "icd", "diagnosis", "author", "pressure", "pulse", "temperature", "weight", "height")...)
	case clinic.OldPast:
		of = append([]string{"past", "about", "year"}, who...)
	case clinic.OldDoses:
		of = append([]string{"vaccine", "dose", "given"}, append(who, "lot", "place")...)
	case clinic.OldStock:
		of = []string{"code", "goods", "kind", "gtin", "registration", "tender", "lot", "expiry", "quantity", "unit", "pack", "price", "received"}
	}
	return of
}

// column returns the column that a file's name of one means, or "".
func column(list clinic.OldList, s string) string {
	key := sheet.Key(s)
	if key == "" {
		return ""
	}
	names := append(Columns(list), "number")
	if list != clinic.OldStock {
		names = append(names, "male", "female", "age", "sex")
	}
	for _, c := range names {
		of := ""
		switch list {
		case clinic.OldVisits:
			of = visitHeadings(c)
		case clinic.OldPast:
			of = pastHeadings(c)
		case clinic.OldDoses:
			of = doseHeadings(c)
		case clinic.OldStock:
			of = goodsHeadings(c)
		}
		if list != clinic.OldStock || c == "number" {
			of += " " + headings(c)
		}
		if slices.Contains(strings.Fields(of), key) {
			return c
		}
	}
	return ""
}
