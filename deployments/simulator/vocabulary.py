"""Words that tell languages and categories apart: data only, lower case, separated by `;`.

For a category the first string holds strong evidence, the second weak. Entries with a space, and all Chinese and
Japanese ones, are looked for inside the text; the others are whole words.
"""

STOP_WORDS = {
    "en": "the;and;of;to;is;are;you;your;we;our;for;with;this;that;have;has;will;be;on;it;i;please;not;from;by;hi;can",
    "de": "der;die;das;und;ist;sind;sie;wir;ich;nicht;mit;für;auf;ein;eine;einen;zu;den;dem;bitte;von;im;am;ihre;uns;wie",
    "fr": "le;la;les;des;et;est;vous;nous;je;pas;pour;avec;une;un;du;dans;sur;votre;ce;cette;que;qui;au;merci;bonjour",
    "es": "el;la;los;las;y;es;usted;nosotros;no;para;con;una;un;del;en;por;su;que;se;lo;esta;este;al;gracias;hola",
    "it": "il;lo;la;gli;e;è;sono;di;non;per;con;una;un;del;della;che;si;nel;questo;questa;al;ciao;grazie;vi;ci",
    "pt": "o;a;os;as;e;é;são;não;para;com;uma;um;do;da;dos;das;que;em;no;na;por;sua;você;obrigado;obrigada;olá",
    "nl": "de;het;een;en;is;zijn;u;wij;we;ik;niet;voor;met;van;op;te;dat;dit;aan;je;uw;om;naar;kunt;hallo",
    "sv": "och;att;det;är;en;ett;som;på;för;med;inte;jag;vi;du;av;har;till;den;kan;hej;tack",
    "da": "og;at;det;er;en;et;som;på;for;med;ikke;jeg;vi;du;af;har;til;den;kan;hej;tak",
    "pl": "i;w;na;z;że;się;nie;jest;do;to;jak;dla;proszę;są;od;po;czy;pan;pani;dziękuję",
    "tr": "ve;bir;bu;için;ile;de;da;çok;ne;olarak;lütfen;ben;siz;değil;var;merhaba;teşekkürler",
}

EVIDENCE: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "URGENT": (
            (
                "urgent;urgently;asap;immediately;emergency;critical;outage;as soon as possible;immediate attention;"
                "immediate action;time-sensitive;right away;sev1;p0;production is down"
            ),
            "immediate;deadline;overdue;escalate;escalation;breach;blocked;blocker;failing;down;eod;today;expires",
        ),
        "MEETING": (
            (
                "meeting;reschedule;invitation to;calendar;agenda;schedule a call;set up a call;let's meet;available on;"
                "video call;appointment"
            ),
            "schedule;scheduling;call;sync;zoom;slot;availability;conference;meet;invite;attend;standup;1:1",
        ),
        "SUPPORT": (
            (
                "ticket;troubleshoot;not working;doesn't work;does not work;can't log in;cannot log in;error message;"
                "need help;support request;bug report;help desk"
            ),
            "support;help;problem;issue;issues;error;bug;broken;crash;crashes;fix;customer;password;login;refund;failed",
        ),
        "MARKETING": (
            (
                "unsubscribe;newsletter;% off;discount;discounts;coupon;special offer;limited time;free trial;buy now;shop now;"
                "click here;opt out;exclusive offer;money back;black friday"
            ),
            "offer;offers;sale;deal;deals;save;free;exclusive;upgrade;subscribe;promotion;webinar;win;guarantee;price",
        ),
        "PERSONAL": (
            "mom;dad;birthday;grandma;grandpa;love you;miss you;wedding;family dinner;kids;holidays together;hugs",
            "family;weekend;love;dinner;sister;brother;friend;vacation;party;school;doctor;home;xoxo;photos",
        ),
    },
    "de": {
        "URGENT": (
            "dringend;sofort;eilt;notfall;umgehend;unverzüglich;ausfall;kritisch",
            "frist;heute;eskalation;eilig",
        ),
        "MEETING": (
            "besprechung;termin;terminvorschlag;tagesordnung;treffen wir",
            "treffen;kalender;uhr;einladung;telefonat;meeting;verschieben",
        ),
        "SUPPORT": (
            "funktioniert nicht;fehlermeldung;ticket;störung;geht nicht",
            "problem;hilfe;fehler;kunde;support;passwort;anmelden;defekt",
        ),
        "MARKETING": (
            "abmelden;abbestellen;newsletter;rabatt;gutschein;sonderangebot;jetzt kaufen",
            "angebot;angebote;aktion;sparen;kostenlos;gratis;exklusiv;preis",
        ),
        "PERSONAL": (
            "mama;papa;oma;opa;geburtstag;hab dich lieb;hochzeit",
            "familie;wochenende;liebe;kinder;urlaub;feier",
        ),
    },
    "fr": {
        "URGENT": (
            "urgent;urgente;immédiatement;d'urgence;au plus vite;critique",
            "aujourd'hui;délai;panne;rapidement",
        ),
        "MEETING": (
            "réunion;rendez-vous;ordre du jour;visioconférence",
            "calendrier;disponible;invitation;appel;rencontrer",
        ),
        "SUPPORT": (
            "ne fonctionne pas;message d'erreur;ticket;besoin d'aide",
            "problème;aide;erreur;support;client;panne;assistance",
        ),
        "MARKETING": (
            "désabonner;désinscrire;newsletter;remise;promotion;soldes;offre spéciale",
            "offre;offres;gratuit;exclusif;prix;économisez;profitez",
        ),
        "PERSONAL": ("maman;papa;anniversaire;bisous;mariage;je t'aime", "famille;week-end;vacances;enfants;ami;fête"),
    },
    "es": {
        "URGENT": (
            "urgente;inmediatamente;de inmediato;emergencia;crítico;cuanto antes;lo antes posible",
            "hoy;plazo;caída;vence;inmediata",
        ),
        "MEETING": (
            "reunión;videollamada;orden del día;agendar;cita",
            "calendario;disponible;invitación;llamada;reunirnos",
        ),
        "SUPPORT": (
            "no funciona;mensaje de error;ticket;necesito ayuda;incidencia",
            "problema;ayuda;error;soporte;cliente;fallo",
        ),
        "MARKETING": (
            "darse de baja;cancelar suscripción;boletín;descuento;cupón;oferta especial",
            "oferta;ofertas;gratis;exclusivo;precio;ahorra;promoción;rebajas",
        ),
        "PERSONAL": (
            "mamá;papá;abuela;cumpleaños;te quiero;boda;besos",
            "familia;fin de semana;vacaciones;hijos;amigo;fiesta",
        ),
    },
    "it": {
        "URGENT": ("urgente;immediatamente;subito;emergenza;critico;al più presto", "oggi;scadenza;guasto;immediata"),
        "MEETING": (
            "riunione;appuntamento;ordine del giorno;videochiamata",
            "calendario;disponibile;invito;chiamata;incontro",
        ),
        "SUPPORT": (
            "non funziona;messaggio di errore;ticket;ho bisogno di aiuto",
            "problema;aiuto;errore;assistenza;cliente",
        ),
        "MARKETING": (
            "disiscriviti;annulla l'iscrizione;newsletter;sconto;buono;offerta speciale",
            "offerta;offerte;gratis;esclusivo;prezzo;risparmia;promozione;saldi",
        ),
        "PERSONAL": (
            "mamma;papà;nonna;compleanno;ti voglio bene;matrimonio;baci",
            "famiglia;fine settimana;vacanze;figli;festa",
        ),
    },
    "pt": {
        "URGENT": (
            "urgente;imediatamente;de imediato;emergência;crítico;o mais rápido possível",
            "hoje;prazo;falha;queda",
        ),
        "MEETING": (
            "reunião;videochamada;agendar;compromisso;pauta",
            "calendário;disponível;convite;chamada;encontro;agenda",
        ),
        "SUPPORT": (
            "não funciona;mensagem de erro;ticket;preciso de ajuda;chamado",
            "problema;ajuda;erro;suporte;cliente",
        ),
        "MARKETING": (
            "cancelar inscrição;descadastrar;newsletter;desconto;cupom;oferta especial",
            "oferta;ofertas;grátis;exclusivo;preço;economize;promoção",
        ),
        "PERSONAL": (
            "mãe;pai;avó;aniversário;te amo;casamento;beijos",
            "família;fim de semana;férias;filhos;amigo;festa",
        ),
    },
    "nl": {
        "URGENT": (
            "dringend;spoed;onmiddellijk;direct actie;noodgeval;zo snel mogelijk;kritiek",
            "vandaag;storing;termijn",
        ),
        "MEETING": ("vergadering;afspraak;overleg;videogesprek", "agenda;beschikbaar;uitnodiging;bespreken;afspreken"),
        "SUPPORT": ("werkt niet;foutmelding;ticket;hulp nodig", "probleem;hulp;fout;klant;ondersteuning;wachtwoord"),
        "MARKETING": (
            "uitschrijven;afmelden;nieuwsbrief;korting;kortingscode;speciale aanbieding",
            "aanbieding;aanbiedingen;gratis;exclusief;prijs;bespaar;actie",
        ),
        "PERSONAL": (
            "mama;papa;oma;opa;verjaardag;hou van je;bruiloft;liefs",
            "familie;weekend;vakantie;kinderen;feestje",
        ),
    },
    "ja": {
        "URGENT": ("緊急;至急;大至急;直ちに;今すぐ", "早急;本日中;障害;期限"),
        "MEETING": ("会議;打ち合わせ;ミーティング;日程調整", "日程;予定;議題;参加;ご都合"),
        "SUPPORT": ("動作しません;エラーメッセージ;お問い合わせ;サポート;不具合", "問題;エラー;助け;ログイン;困って"),
        "MARKETING": ("配信停止;メールマガジン;割引;クーポン;セール;特典", "キャンペーン;無料;限定;お得;価格"),
        "PERSONAL": ("お母さん;お父さん;誕生日;結婚式;おばあちゃん", "家族;週末;休み;友達;子供"),
    },
    "zh": {
        "URGENT": ("紧急;緊急;立即;马上;馬上;尽快;儘快", "今天;截止;故障;期限"),
        "MEETING": ("会议;會議;开会;開會;日程安排;议程", "日程;时间;時間;参加;參加;预约"),
        "SUPPORT": ("无法登录;無法登入;错误信息;工单;不工作;技术支持", "问题;問題;错误;錯誤;帮助;幫助;客户"),
        "MARKETING": ("退订;退訂;优惠;優惠;折扣;促销;促銷;特价", "免费;免費;活动;限时;价格"),
        "PERSONAL": ("妈妈;媽媽;爸爸;生日;婚礼;婚禮;奶奶", "家人;周末;週末;假期;朋友;孩子"),
    },
}

REQUESTS = {
    "en": "please;could you;can you;would you;let me know;kindly;need you to;make sure;don't forget;remember to;rsvp",
    "de": "bitte;könnten sie;können sie;kannst du;könntest du;geben sie;lassen sie",
    "fr": "s'il vous plaît;merci de;veuillez;pourriez-vous;pouvez-vous;peux-tu;n'oubliez pas;il faut;dites-moi",
    "es": "por favor;podría;podrías;puede usted;puedes;le ruego;necesito que;no olvide",
    "it": "per favore;per cortesia;potresti;potrebbe;si prega;ti prego;la prego;può;puoi;serve subito;chiamatemi;fammi sapere",
    "pt": "por favor;poderia;pode;podem;você pode;peço que;preciso que;não se esqueça",
    "nl": "alstublieft;graag;kunt u;kun je;wilt u;wil je;gelieve;vergeet niet;laat me;laat ons",
    "sv": "vänligen;snälla;kan du;kan ni",
    "da": "venligst;kan du;kan i",
    "pl": "proszę;czy możesz;czy może pan",
    "tr": "lütfen;yapabilir misiniz",
    "ja": "ください;お願い;いただけ;してもらえ;ご確認",
    "zh": "请;請;麻烦;麻煩;能否;可否",
    "ko": "부탁;주세요;바랍니다",
    "ru": "пожалуйста;прошу;не могли бы;можете ли",
}
