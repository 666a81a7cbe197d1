# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# certificates.sh: the lab's certificate authorities and what they sign. Sourced
# by up.

# self_sign FILE NAME EXTENSION makes a key and a certificate that signs itself.
self_sign() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$2" \
		-addext "$3" -keyout "$run/tls/$1.key" -out "$run/tls/$1.pem" 2>/dev/null
}

# authority FILE NAME makes a certificate authority.
authority() { self_sign "$1" "$2" keyUsage=critical,keyCertSign,cRLSign; }

# certify FILE HOST NUMBER FROM UNTIL [CA [KEY...]] makes a key and a certificate
# for the host with that number in the lab's addresses, signed by a CA.
certify() {
	local file=$run/tls/$1 host=$2 number=$3 from=$4 until=$5 ca=$run/tls/${6:-ca}
	local key=("${@:7}")
	((${#key[@]})) || key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)
	openssl req -new -nodes "${key[@]}" -subj "/CN=$host.lab.test" -keyout "$file.key" -out "$file.csr" 2>/dev/null
	openssl ca -batch -notext -config "$run/conf/ca.cnf" -cert "$ca.pem" -keyfile "$ca.key" \
		-startdate "$(moment "$from")" -enddate "$(moment "$until")" -in "$file.csr" -out "$file.pem" \
		-extfile <(printf 'subjectAltName=DNS:%s.lab.test,IP:10.77.3.%d,IP:fd77:3::%d\nextendedKeyUsage=serverAuth\n' \
			"$host" "$number" "$number") 2>/dev/null
}

# moment converts a time that GNU date reads to the form openssl takes.
moment() { date -u -d "$1" +%Y%m%d%H%M%SZ; }

certificates() {
	touch "$run/tls/index"
	authority ca 'exreach lab CA'
	certify mail01 mail01 10 '1 day ago' '1 year'
	certify dc01 dc01 20 '1 day ago' '1 year'
}

# doctored_certificates have one thing wrong each.
doctored_certificates() {
	authority proxy-ca 'Inspecting proxy'
	certify expired mail01 10 '1 year ago' '35 days ago'
	certify future mail01 10 '30 days' '1 year'
	certify soon mail01 10 '1 year ago' '5 days'
	certify other-name mail02 66 '1 day ago' '1 year'
	certify other-ca mail01 10 '1 day ago' '1 year' proxy-ca
	certify weak-key mail01 10 '1 day ago' '1 year' ca -newkey rsa:1024
	certify old-dc dc01 20 '1 day ago' '1 year' ca -newkey rsa:2048
	self_sign self-signed mail01 subjectAltName=DNS:mail01,DNS:mail01.lab.test
}
