package config

// Legal is about X.509 signatures of legal documents (prescriptions, slips).
type Legal struct {
	Roots    string `toml:"roots" check:"line=4000" doc:"PEM file with the certificates of the certification authorities whose signatures count. Empty = none counts, and papers keep the spaces for pen and stamp. No default: which authorities are licensed is not this program's to say."`
	Facility string `toml:"facility" check:"line=64" doc:"Identifier in the subject of the facility's certificate, such as MST:0100000000. Empty = no signature counts as the facility's: any company's certificate would do. The certificate's key is never on the box."`
	Centre   bool   `toml:"centre" doc:"True asks the centre's signing service for the legal signatures with every PIN signature. Off: not every centre has one."`
}
