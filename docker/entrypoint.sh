#!/bin/sh
# Puts the image's prepared catalogue into a data directory that has none, then runs the command.
set -eu

seed=/opt/refrain/seed
data=${REFRAIN_DATA_DIR:-/var/lib/refrain}
catalogue=catalogue.sqlite

wants_seed() {
    [ -z "${REFRAIN_CATALOGUE_URL:-}" ] || return 1
    [ ! -e "$data/$catalogue" ] || return 1
    case ${REFRAIN_STARTER:-true} in
        [Tt]rue | TRUE | 1 | [Yy]es | [Oo]n) return 0 ;;
        *) return 1 ;;
    esac
}

if wants_seed; then
    mkdir -p "$data"
    rm -rf "$data"/.seed-*
    aside=$(mktemp -d "$data/.seed-XXXXXX")
    cp -R "$seed/." "$aside"
    sync -f "$aside"
    # The catalogue comes last: until it is there, the next start begins again
    for entry in "$aside"/*; do
        name=${entry##*/}
        [ "$name" = "$catalogue" ] && continue
        rm -rf "${data:?}/$name"
        mv "$entry" "$data/$name"
    done
    mv "$aside/$catalogue" "$data/$catalogue"
    rm -rf "$aside"
fi

exec "$@"
