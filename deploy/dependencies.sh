#!/bin/sh
# Installs what Inkan needs from Debian 12's packages, by level: build, demo, test, bench (each includes the ones before it).
# Called by the Makefile; run it by hand to prepare a machine:  deploy/dependencies.sh test
# Does nothing, fast, when everything of the level is there.
set -eu
level=${1:-build}

build="gcc g++ make pkg-config libglib2.0-dev liblasso3-dev libxmlsec1-dev libxml2-dev libxslt1-dev libssl-dev libpq-dev
  libfcgi-dev libcurl4-openssl-dev libseccomp-dev libpng-dev libjpeg62-turbo-dev zlib1g-dev libqrencode-dev xsltproc"
demo="postgresql-15 nginx simplesamlphp php-fpm php-xml php-mbstring php-curl php-intl python3 python3-aiosmtpd
  xmlsec1 openssl curl ca-certificates procps util-linux tzdata"
# apache2-bin: without the service and the site that apache2 brings.
test="perl cppcheck clang gnutls-bin libnss3-tools valgrind chromium fonts-ipaexfont-gothic fonts-dejavu-core strace
  python3-cryptography python3-pysaml2 mandoc libxml2-utils
  apache2-bin freeradius eapoltest default-jre-headless firefox-esr
  softhsm2 libengine-pkcs11-openssl zbar-tools"
# Whom the benchmarks compare with.
bench="libapache2-mod-shib libapache2-mod-auth-mellon golang-cfssl"

case $level in
  build) wanted=$build ;;
  demo) wanted="$build $demo" ;;
  test) wanted="$build $demo $test" ;;
  bench) wanted="$build $demo $test $bench" ;;
  *) echo "dependencies.sh: '$level' is not a level: build, demo, test or bench" >&2; exit 2 ;;
esac

# For web/ownkey and the browser tests. Another Node.js than Debian's may be there already, and the two don't install side by side.
command -v node >/dev/null 2>&1 || wanted="$wanted nodejs"
command -v npm >/dev/null 2>&1 || wanted="$wanted npm"

missing=
for package in $wanted; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    'install ok installed') ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || { echo "dependencies.sh: run as root, or install sudo; missing:$missing" >&2; exit 1; }
  as_root=sudo
fi
echo "dependencies.sh: installing$missing" >&2

# The packages would start PostgreSQL, nginx and PHP of the system's own; Inkan's demo and tests run private ones. The two
# switches below keep that from happening and are taken away again, so that the machine's own services stay as they were.
policy=/usr/sbin/policy-rc.d
cluster=/etc/postgresql-common/createcluster.conf
made_policy= made_cluster=
clean() {
  [ -z "$made_policy" ] || $as_root rm -f "$policy"
  [ -z "$made_cluster" ] || $as_root rm -f "$cluster"
}
trap clean EXIT
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  made_policy=1
fi
if [ ! -e "$cluster" ]; then
  $as_root mkdir -p "${cluster%/*}"
  echo 'create_main_cluster = false' | $as_root tee "$cluster" >/dev/null
  made_cluster=1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# The installed configuration wins: made_cluster's file is the package's own configuration file.
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  -o Dpkg::Options::=--force-confold $missing >&2
