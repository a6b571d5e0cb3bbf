# Die Texte aller Seiten auf Deutsch (https://projectfluent.org/fluent/guide/). Jede Sprache hat dieselben Texte mit
# denselben Variablen.

text-direction = ltr

## Wörter, die mehrere Seiten brauchen

title-of-error = Fehler: { $page }
decision-id = Vorgangsnummer
decision-help = Nennen Sie diese Nummer den Betreibern der App. Sie sagt ihnen genau, was geschehen ist.
unnamed-client = Ein Programm ohne Namen
signed-in-as = Sie sind als { $person } angemeldet.
sign-in = Anmelden
sign-out = Abmelden
sign-in-again = Wieder anmelden
continue = Weiter
what-is-connected = Verbundene Geräte und Programme
your-apps = Ihre Apps

## Zeiten

month = { $month ->
    [1] Jan.
    [2] Feb.
    [3] März
    [4] Apr.
    [5] Mai
    [6] Juni
    [7] Juli
    [8] Aug.
    [9] Sept.
    [10] Okt.
    [11] Nov.
   *[12] Dez.
}
day = { $day }. { $month } { $year }
moment = { $day }. { $month } { $year }, { $hour }:{ $minute } UTC
lasting-seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}
lasting-minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
lasting-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
lasting-days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tage
}
after-seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}
after-minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
after-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}
after-days = { $count ->
    [one] { $count } Tag
   *[other] { $count } Tagen
}

## Anmelden

login-to-app = Bei { $app } anmelden
login-sent-by = Ein Programm, das sich { $client } nennt, hat Sie hierher geschickt. Was es darf, entscheiden Sie nach der Anmeldung.
login-username = E-Mail-Adresse
login-password = Passwort
login-wrong = E-Mail-Adresse oder Passwort ist falsch.
login-too-many = Zu viele Versuche. Versuchen Sie es in { $time } noch einmal.
login-expired = Diese Seite war zu lange offen. Bitte melden Sie sich noch einmal an.

## Ein Programm möchte eine App nutzen

consent-title = Zugriff auf { $app } erlauben?
consent-heading = { $client } möchte { $app } in Ihrem Namen nutzen
consent-you = Sie sind
consent-who = Wer fragt
consent-website = Nennt als Website { $host }
consent-vouched = Dafür bürgt
consent-unverified = Ungeprüft
consent-nobody = Niemand: Es hat sich selbst registriert
consent-document = Beschreibt das Programm auf dieser Website
consent-pinned = Beschreibt das Programm auf dieser Website; es ist hier bekannt
consent-administrator = Von der Administration eingetragen
consent-any-program = Jedes Programm auf diesem Computer kann sich dafür ausgeben
consent-answer = Antwort geht an
consent-this-computer = Ein Programm auf diesem Computer
consent-device = Gerät zeigt
consent-device-compare = Zeigt es einen anderen Code, lehnen Sie ab.
consent-asked-from = Gefragt von
consent-asked-ago = { $address }, vor { $time }
consent-elsewhere = Anderswo
consent-not-here = Das ist nicht dort, wo Sie sind: Sie kommen von { $address }
consent-same-network = Das Netz, in dem Sie sind
consent-so-far = Bisher
consent-first-seen = Sie haben es am { $day } zum ersten Mal zugelassen
consent-new = Neu für Sie
consent-not-before = hier noch nie zugelassen
consent-app = App
consent-did-you-start = Haben Sie das gerade selbst begonnen?
consent-loopback = Jedes Programm auf diesem Computer könnte hier fragen. Wenn nicht, lehnen Sie ab.
consent-device-question = Haben Sie das selbst begonnen, an einem Gerät vor Ihnen?
consent-device-danger = Hat Ihnen jemand den Code oder einen Link geschickt, lehnen Sie ab: Er käme in Ihrem Namen herein.
consent-device-network = Das Gerät, das fragt, ist in einem anderen Netz als Sie. Wenn Sie meinen, dass es neben Ihnen steht, lehnen Sie ebenfalls ab.
consent-scopes = Es darf
consent-includes = Dazu gehört: { $scopes }
consent-duration = Wie lange
consent-stay = { $time } verbunden bleiben, oder bis Sie es widerrufen
consent-without = Ohne: { $time }, danach muss es Sie wieder fragen
consent-until = { $time }, oder bis Sie es widerrufen
consent-nothing-ticked = Wählen Sie mindestens eines, das es darf, oder drücken Sie „Ablehnen“.
# Wofür die Berechtigung „access“ steht, die jede App hat.
consent-access = Die App in Ihrem Namen nutzen
consent-deny = Ablehnen
consent-allow = Erlauben

## Ein Gerät zulassen

device-heading = Ein Gerät zulassen
device-enter = Geben Sie den Code ein, den Ihr Gerät oder Programm zeigt.
device-code = Code
device-sent-to-you = Hat Ihnen jemand diesen Code geschickt, oder den Link zu dieser Seite?
device-danger = Dann schließen Sie sie: Wer ihn geschickt hat, käme in Ihrem Namen herein. Fahren Sie nur mit einem Code fort, den Sie selbst angefordert haben.
device-unknown = Dieser Code ist unbekannt oder gilt nicht mehr. Sehen Sie noch einmal nach, oder lassen Sie Ihr Gerät einen neuen zeigen.
device-too-many = Es wurden zu viele Codes versucht. Versuchen Sie es in { $time } noch einmal.
device-expired = Diese Seite war zu lange offen. Bitte senden Sie den Code noch einmal.
device-allowed = Zurück zu Ihrem Gerät
device-goes-on = Es darf { $app } jetzt in Ihrem Namen nutzen und fährt in wenigen Sekunden von selbst fort.
device-close = Sie können diese Seite schließen.
device-denied = Das Gerät wurde nicht zugelassen
device-gets-nothing = Es bekommt nichts von { $app }.
device-tell = Haben Sie das nicht selbst begonnen, so wollte jemand in Ihrem Namen herein. Sagen Sie es den Betreibern der App und der Person, von der der Code kam.

## Was verbunden ist

connected-intro = Was Sie, { $person }, zugelassen haben. Was Sie widerrufen, endet sofort.
connected-browsers = Angemeldete Browser
connected-browsers-help = Einen Browser zu widerrufen meldet ihn von allen Apps ab. Eine App zu widerrufen meldet dort ab, bis sie wieder geöffnet wird.
connected-sign-out-elsewhere = In allen anderen Browsern abmelden
connected-agents = Verbundene Programme
connected-no-agent = Kein Programm kann in Ihrem Namen handeln.
connected-agents-help = Ein Programm gibt sich seinen Namen selbst. Kennen Sie es nicht, widerrufen Sie es.
connected-this-browser = Dieser Browser
connected-another-browser = Ein anderer Browser
connected-app-in-this = { $app } in diesem Browser
connected-app-in-another = { $app } in einem anderen Browser
connected-scopes = Darf nutzen: { $scopes }
connected-answers = Antworten gehen an { $hosts }
connected-since = Seit { $at }
connected-until = bis { $at }
connected-last-used = Zuletzt benutzt am { $at }
connected-last-from = von { $address }
connected-last-by = von { $address } mit { $agent }
connected-revoke = Widerrufen
connected-revoke-all = Alle widerrufen
connected-revoke-app = Alle Programme hier widerrufen
notice-label = Sicherheitshinweis
notice-code = Ein alter Anmeldecode wurde noch einmal benutzt
notice-token = Ein altes Token wurde noch einmal benutzt
notice-whose = Es gehörte zu { $client } für { $app }, am { $at }.
notice-from = Es kam von { $address }.
notice-from-agent = Es kam von { $address } ({ $agent }).
notice-ended = Der Zugriff wurde beendet.
notice-help = Es kann das Programm selbst gewesen sein, nach einer wiederhergestellten Sicherung oder auf einem zweiten Rechner. Kennen Sie die Adresse nicht, hat vielleicht jemand seine Tokens kopiert: Prüfen Sie den Rechner, auf dem es läuft, und sagen Sie es den Betreibern der App. Um weiterzumachen, verbinden Sie das Programm neu.
notice-dismiss = Gelesen

## Nach dem Anmelden und Abmelden

signed-in-heading = Sie sind angemeldet
logout-everywhere = Überall abmelden?
logout-of-app = Von { $app } abmelden?
logout-heading = Abmelden?
logout-every-app = Das meldet Sie von allen Apps ab.
signed-out-heading = Sie sind abgemeldet
signed-out-everywhere = Sie sind von allen Apps abgemeldet.
signed-out-of-app = Sie sind von { $app } abgemeldet. Bei anderen Apps können Sie noch angemeldet sein.

## Eine Regel sagt nein

refused-app = Sie können { $app } nicht öffnen
refused-page = Sie können diese Seite nicht öffnen
refused-no-rule = Keine Regel dieser App lässt Sie herein.
refused-blocked = Eine Regel dieser App sperrt Sie aus.
refused-account-disabled = Ihr Konto ist gesperrt.
refused-identity-provider = Diese App nimmt die Art nicht an, auf die Sie sich angemeldet haben.
refused-needs-methods = Diese App verlangt eine stärkere Anmeldung mit { $methods }. Ihre reicht nicht aus.
refused-needs-fresh = Diese App verlangt eine Anmeldung, die höchstens { $age } alt ist. Ihre ist älter.
refused-needs-both = Diese App verlangt eine Anmeldung mit { $methods }, die höchstens { $age } alt ist. Ihre reicht nicht aus.
method-pwd = einem Passwort
method-otp = einem Code
method-hwk = einem Passkey oder Sicherheitsschlüssel
method-fpt = Fingerabdruck oder Gesicht
method-mfa = einem zweiten Schritt
method-other = einem weiteren Nachweis
refused-someone-else = Als jemand anders anmelden

## Etwas stimmt nicht

error-status = Fehler { $status }
error-detail = Im Einzelnen:
problem-malformed = Die Anfrage ist nicht lesbar
    .sentence = Sie ließe sich auf zwei Arten lesen oder ergibt keinen Sinn; deshalb geschah nichts mit ihr.
problem-misdirected = Diese Verbindung ist für einen anderen Host
    .sentence = Ein Client-Zertifikat gilt nur für den Host, zu dem die Verbindung aufgebaut wurde. Schließen Sie den Browser und öffnen Sie die Seite neu.
problem-too-large = Die Anfrage ist zu groß
    .sentence = Ein Teil der Anfrage ist größer, als hier gelesen wird.
problem-too-slow = Die Anfrage war nicht vollständig
    .sentence = Die Anfrage kam zu langsam.
problem-nothing-here = Hier ist nichts
    .sentence = Unter dieser Adresse gibt es nichts.
problem-wrong-method = Hier nicht möglich
    .sentence = Diese Seite kennt die Methode nicht.
problem-unavailable = Zurzeit nicht erreichbar
    .sentence = Das Gateway kann jetzt nicht antworten. Versuchen Sie es gleich noch einmal.
problem-too-many-requests = Zu viele Anfragen
    .sentence = Von Ihnen kamen zu viele Anfragen in kurzer Zeit. Warten Sie eine Minute und versuchen Sie es noch einmal.
problem-cross-origin = Nicht von hier
    .sentence = Die Anfrage kam von einer Seite einer anderen Website und wurde deshalb nicht weitergegeben.
problem-upstream-timeout = Die App antwortet nicht
    .sentence = Die App hat zu lange für eine Antwort gebraucht.
problem-upstream-failed = Die App antwortet nicht
    .sentence = Die App hinter diesem Gateway war nicht zu erreichen.
problem-permission-ended = Der Zugang ist beendet
    .sentence = Ihre Erlaubnis für diese App endete, während die App noch arbeitete.
problem-going-away = Zurzeit nicht erreichbar
    .sentence = Das Gateway startet neu. Versuchen Sie es gleich noch einmal.
problem-maintenance = Die App ist gerade geschlossen
    .sentence = An ihr wird gearbeitet. Versuchen Sie es später noch einmal.
problem-internal = Die App antwortet nicht
    .sentence = Das Gateway konnte die Anfrage nicht ausführen.
problem-foreign-form = Es wurde nichts getan
    .sentence = Dieses Formular ist nicht von hier.
problem-oauth = Die Bitte der App kann nicht erfüllt werden
    .sentence = Das Programm, das Sie hierher geschickt hat, bat um etwas, das es nicht bekommen kann. Sagen Sie es denen, die es gemacht oder eingerichtet haben.
problem-not-revoked = Es wurde nichts widerrufen
    .sentence = Dieses Formular ist nicht von hier oder zu alt. Öffnen Sie die Seite noch einmal.
problem-not-signed-out = Nicht abgemeldet
    .sentence = Dieses Formular ist nicht von hier oder zu alt. Öffnen Sie die Abmeldeseite noch einmal.
problem-sign-in-not-begun = Nicht angemeldet
    .sentence = Diese Anmeldung wurde nicht in diesem Browser begonnen, oder vor zu langer Zeit. Öffnen Sie die App noch einmal.
problem-sign-in-app-gone = Nicht angemeldet
    .sentence = Diese App gibt es hier nicht mehr.
problem-sign-in-two-cookies = Nicht angemeldet
    .sentence = Ihr Browser hat zwei Cookies mit demselben Namen für diese Seite. Löschen Sie die Cookies dieser Seite und öffnen Sie die App dann erneut.
problem-sign-in-failed = Nicht angemeldet
    .sentence = Sie wurden nicht angemeldet. Öffnen Sie die App noch einmal.

## Teile mehrerer Seiten

form-expired = Diese Seite war zu lange offen. Bitte senden Sie sie noch einmal ab.
start-over = Von vorn beginnen
navigation = Ihre Seiten
nav-apps = Apps
nav-account = Konto
nav-connected = Verbunden
your-account = Ihr Konto
passkey-sign-in = Mit Passkey anmelden
passkey-use = Einen Passkey benutzen
passkey-failed = Das hat nicht geklappt. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.
passkey-refused = Dieser Passkey wurde nicht angenommen.
passkey-needs-script = Um einen Passkey hinzuzufügen, ist JavaScript nötig.
code-wrong = Dieser Code ist falsch oder wurde schon benutzt.
code-expired = Diese Seite war zu lange offen. Beginnen Sie von vorn, um einen neuen Code zu bekommen.

## Weitere Wege, sich anzumelden

login-or = oder
login-with = Weiter mit { $provider }
login-send-code = Code zusenden
login-send-code-instead = Code per E-Mail zusenden
login-fresher = Melden Sie sich dafür bitte noch einmal an.
login-stronger = Dafür ist eine stärkere Anmeldung nötig, mit einem zweiten Schritt.
login-not-admitted = Diese App nimmt die Art nicht an, auf die Sie sich angemeldet haben. Wählen Sie eine andere.
login-no-address = Das ist keine E-Mail-Adresse.
login-no-way = Für diese App gibt es keinen Weg, sich anzumelden. Sagen Sie es ihren Betreibern.
second-heading = Noch ein Schritt
second-person = Sie melden sich als { $person } an.
second-code = Code aus Ihrer Authentifizierungs-App
second-recovery = Einen Wiederherstellungscode benutzen
second-recovery-code = Wiederherstellungscode
mailed-heading = Sehen Sie in Ihre E-Mails
mailed-sent = Darf { $address } sich hier anmelden, ist ein Code mit sechs Ziffern dorthin unterwegs. Er gilt { $time }, einmal.
mailed-again = Ein neuer Code ist unterwegs. Frühere gelten nicht mehr.
mailed-code = Code
mailed-resend = Einen neuen Code senden
mailed-help = Keine E-Mail? Sehen Sie im Spam-Ordner nach, und ob die Adresse stimmt.

## Passwörter und Einladungen

password-current = Ihr jetziges Passwort
password-new = Neues Passwort
password-again = Neues Passwort noch einmal
password-help = Mindestens { $least } Zeichen. Einige Wörter, die nicht zusammengehören, sind leicht zu merken und schwer zu erraten.
password-different = Die beiden Passwörter sind verschieden.
password-wrong = Ihr jetziges Passwort ist ein anderes.
invitation-heading = Willkommen
invitation-welcome = Sie sind als { $person } eingeladen. Wählen Sie ein Passwort für Ihre Anmeldung.
invitation-reset-heading = Ein neues Passwort setzen
invitation-reset = Für { $person }. Danach sind Sie überall sonst abgemeldet.
invitation-submit = Passwort setzen
invitation-over-heading = Dieser Link gilt nicht mehr
invitation-over = Er wurde schon benutzt oder ist zu alt. Bitten Sie dort, wo Sie ihn bekamen, um einen neuen.
forgotten-heading = Passwort vergessen?
forgotten-intro = Geben Sie Ihre Adresse ein. Gibt es ein Konto, wird ein Link dorthin gesandt, mit dem Sie ein neues Passwort setzen.
forgotten-submit = Link senden
forgotten-sent = Hat { $address } hier ein Konto, ist ein Link unterwegs. Er gilt einmal und nur kurze Zeit.

## Das Konto

account-has-password = Sie können sich mit Ihrem Passwort anmelden.
account-no-password = Sie haben kein Passwort. Sie melden sich anders an.
account-change-password = Passwort ändern
account-set-password = Ein Passwort setzen
account-password-changed = Ihr Passwort ist geändert.
account-sign-out-elsewhere = Überall sonst abmelden
account-back = Zurück zu Ihrem Konto
account-passkeys = Passkeys
account-passkeys-help = Ein Passkey meldet Sie mit Fingerabdruck, Gesicht oder dem Code Ihres Geräts an. Niemand kann ihn Ihnen abschwatzen.
account-passkeys-off = Passkeys gehen hier nur über https.
account-passkey-named = Passkey { $number }
account-passkey-add = Einen Passkey hinzufügen
account-passkey-added = Der Passkey ist hinzugefügt.
account-passkey-remove = Entfernen
account-passkey-removed = Der Passkey ist entfernt.
account-totp = Codes aus einer Authentifizierungs-App
account-totp-help = Ein zweiter Schritt: Nach dem Passwort zeigt Ihnen eine App auf dem Telefon einen Code.
account-totp-since = Eingeschaltet am { $at }. Nach dem Passwort werden Sie nach einem Code gefragt.
account-totp-add = Codes aus einer App einrichten
account-totp-remove = Codes ausschalten
account-totp-on = Codes sind eingeschaltet.
account-totp-off = Codes sind ausgeschaltet.
account-recovery = Wiederherstellungscodes
account-recovery-left = { $count ->
    [0] Sie haben keinen Wiederherstellungscode mehr. Erzeugen Sie neue, damit Sie auch ohne Telefon hereinkommen.
    [one] Sie haben noch { $count } Wiederherstellungscode. Erzeugen Sie bald neue.
   *[other] Sie haben noch { $count } Wiederherstellungscodes, falls das Telefon nicht zur Hand ist.
}
account-recovery-new = Neue Wiederherstellungscodes erzeugen
account-provider = Sie kommen über { $provider }
account-provider-help = Passwort und zweiter Schritt liegen dort und werden dort geändert.
totp-scan = Scannen Sie dieses Bild mit einer Authentifizierungs-App und geben Sie dann den Code ein, den sie zeigt.
totp-qr = Code zum Scannen mit einer Authentifizierungs-App
totp-type = Keine Kamera? Eintippen
totp-code = Code aus der App
totp-submit = Codes einschalten
recovery-heading = Ihre Wiederherstellungscodes
recovery-keep = Jeder meldet Sie einmal an, anstelle eines Codes aus der App. Bewahren Sie sie dort auf, wo Sie sie ohne Telefon finden: auf Papier oder in einem Passwortmanager.
recovery-once = Sie sehen sie nur jetzt.
recovery-replaced = Frühere Wiederherstellungscodes gelten nicht mehr.
recovery-kept = Ich habe sie aufbewahrt

## Apps, und Fenster, die fertig sind

apps-none = Hier gibt es keine App, die Sie öffnen dürfen.
popup-close = { $app } fährt von selbst fort. Sie können dieses Fenster schließen.

## Eine Sitzung, die endete, während etwas gesandt wurde

ended-heading = Ihre Sitzung ist beendet
ended-not-passed-on = Was Sie eben gesandt haben, wurde nicht an { $app } weitergegeben.
ended-go-back = Melden Sie sich in einem neuen Tab an. Kommen Sie dann hierher zurück und gehen Sie im Browser eine Seite zurück: Ihr Browser hat noch, was Sie eingegeben haben.
ended-first = Melden Sie sich in einem neuen Tab an und kommen Sie dann hierher zurück.
ended-then = Senden Sie es noch einmal. Es ist nur auf dieser Seite aufbewahrt.
ended-sign-in = In einem neuen Tab anmelden
ended-send-again = Noch einmal senden

## Eine Anmeldung bei einem Anbieter, die nicht gelang

provider-heading = Die Anmeldung mit { $provider } ist nicht gelungen
provider-down = { $provider } ist nicht zu erreichen oder antwortet nicht richtig. Versuchen Sie es in einigen Minuten noch einmal. Bleibt es so, sagen Sie es den Betreibern dieses Gateways.
provider-untrusted = Der Antwort von { $provider } war nicht zu trauen; deshalb wurde niemand angemeldet. Sagen Sie es den Betreibern dieses Gateways.
provider-refused = { $provider } hat Sie nicht hereingelassen, oder Sie haben dort abgebrochen.
provider-not-begun = Diese Anmeldung wurde nicht in diesem Browser begonnen, oder vor zu langer Zeit.
provider-too-many-groups = { $provider } hat mehr Gruppen, als es mitteilen kann; so ist nicht bekannt, was Sie dürfen. Sagen Sie es den Betreibern dieses Gateways.
provider-disabled = Ihr Konto ist gesperrt.
provider-not-admitted = Diese App nimmt niemanden an, der über { $provider } kommt.
provider-too-weak = Dafür braucht es eine frischere oder stärkere Anmeldung, und { $provider } sagt nicht, dass Ihre das ist.
provider-not-a-member = Mit { $provider } dürfen sich nur Mitglieder bestimmter Organisationen anmelden.
provider-again = Noch einmal versuchen
provider-cancel = Nicht anmelden

## Neue Passwörter

weak-short = Das Passwort braucht mindestens { $count } Zeichen.
weak-long = Das Passwort darf höchstens { $count } Zeichen haben.
weak-guessable = Dieses Passwort ist leicht zu erraten.
weak-keyboard = Es folgt den Tasten einer Tastatur.
weak-repeats = Es wiederholt sich.
weak-common = Viele Leute haben dieses Passwort oder ein ähnliches.
weak-sequence = Es enthält Buchstaben oder Ziffern in ihrer Reihenfolge.
weak-date = Es enthält ein Jahr oder ein Datum.
weak-word = Ein Wort oder ein Name reicht nicht.
weak-advice = Gut sind vier Wörter, die nichts miteinander zu tun haben; Sonderzeichen sind nicht nötig.

## Briefe

letter-code-subject = { $code } ist Ihr Code für { $place }
letter-code = Ihr Code für die Anmeldung bei { $place }. Er gilt { $time }, einmal:
letter-asked-from = Angefordert von der Netzwerkadresse { $address }.
letter-code-not-you = Waren Sie das nicht, tun Sie nichts: Ohne diesen Code kommt niemand herein. Geben Sie ihn niemandem.
letter-invitation-subject = Sie sind zu { $place } eingeladen
letter-invitation = Sie sind zu { $place } eingeladen. Wählen Sie ein Passwort für Ihre Anmeldung:
letter-invitation-link = Einladung annehmen
letter-reset-subject = Ihr Passwort für { $place }
letter-reset = Hier setzen Sie ein neues Passwort für { $place }:
letter-link-good = Der Link gilt { $time }, einmal.
letter-reset-not-you = Waren Sie das nicht, tun Sie nichts: Ihr Passwort bleibt, wie es ist.
letter-changed-subject = Ihr Passwort für { $place } wurde geändert
letter-changed = Ihr Passwort für { $place } wurde soeben geändert.
letter-changed-not-you = Waren Sie das nicht, sagen Sie es sofort den Betreibern dieser Tür.
letter-test-subject = E-Mails können gesendet werden
letter-test = Diese E-Mail sandte „doorward mail test“. Sonst ist nichts zu tun.
