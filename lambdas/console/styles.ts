/** The look of the pages: the colours of the reports, light or dark as the reader's system is, one column on a phone. */
import { SYMBOL } from '../../observability/reports/words.ts';

export const STYLES = `
:root{color-scheme:light dark;--bg:#fcfbf8;--ink:#1e1f22;--soft:#5b5f66;--line:#dedbd3;
--critical:#a8201a;--warning:#8a5200;--shifted:#5a4f9c;--insufficient_data:#5b5f66;--stable:#256b43}
@media(prefers-color-scheme:dark){:root{--bg:#17181b;--ink:#e6e4df;--soft:#a4a8af;--line:#34363b;
--critical:#ff8d84;--warning:#efb155;--shifted:#b5aaf5;--insufficient_data:#a4a8af;--stable:#7fcf9f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;overflow-wrap:anywhere}
header,main{max-width:960px;margin:0 auto;padding:0 24px}
main{padding-bottom:48px}
nav{display:flex;flex-wrap:wrap;gap:6px 18px;align-items:center;padding-top:20px;color:var(--soft);font-size:14px}
nav span:nth-child(2){margin-left:auto}
nav form{margin:0}
button{font:inherit;font-size:14px;color:inherit;background:none;border:1px solid var(--line);border-radius:4px;padding:2px 10px;cursor:pointer}
main form{margin:26px 0;padding:18px 20px 20px;border:1px solid var(--line);border-radius:6px;max-width:70ch}
label{display:block;margin:0 0 6px}
label.tick{display:flex;gap:10px;align-items:baseline;margin:14px 0 0}
textarea{display:block;width:100%;min-height:84px;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--soft);border-radius:4px;padding:8px 10px;margin:0 0 14px;resize:vertical}
main form button{font-size:16px;padding:7px 18px;margin:14px 12px 0 0;border-color:currentColor}
main form button.main{background:var(--ink);color:var(--bg);border-color:var(--ink)}
.actions{display:flex;flex-wrap:wrap;gap:8px 20px;margin:0 0 10px;padding:0;list-style:none}
.note{border-left:3px solid var(--line);padding:2px 0 2px 14px}
.bad{color:var(--critical)}.good{color:var(--stable)}
ol.stages{margin:0 0 18px;padding:0;list-style:none}
ol.stages li{padding:6px 0;border-bottom:1px solid var(--line);display:flex;gap:14px}
ol.stages li b{min-width:8em;font-weight:600}
h1{font-size:28px;line-height:1.2;margin:22px 0 14px}
h2{font-size:18px;margin:34px 0 6px}
p{margin:0 0 10px;max-width:70ch}
a{color:inherit;text-underline-offset:3px}
:focus-visible{outline:2px solid currentColor;outline-offset:2px}
table{border-collapse:collapse;width:100%;margin-bottom:14px;font-size:15px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:7px 16px 7px 0;border-bottom:1px solid var(--line);overflow-wrap:normal}
tbody th,td:last-child{overflow-wrap:anywhere;min-width:8em}
thead th{font-size:13px;font-weight:600;color:var(--soft)}
tbody th{font-weight:600}
.soft{color:var(--soft)}
.v{color:var(--level);font-weight:600;white-space:nowrap}
${Object.entries(SYMBOL)
  .map(([level, symbol]) => `.${level}{--level:var(--${level})}.v.${level}::before{content:"${symbol}\\a0"}`)
  .join('\n')}
@media(max-width:620px){header,main{padding:0 16px}main{padding-bottom:32px}h1{font-size:23px}
thead{position:absolute;clip-path:inset(50%)}tr{display:block;padding:9px 0;border-bottom:1px solid var(--line)}
th,td{display:block;border:0;padding:1px 0;overflow-wrap:anywhere}td[data-name]::before{content:attr(data-name) ": ";color:var(--soft)}}
`;
