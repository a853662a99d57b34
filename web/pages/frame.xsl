<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The frame of every page. A page has templates in the modes "title" and "main", "head" where it needs more in <head>. -->

    <!-- web/html.c writes the result. -->
    <xsl:output method="xml"/>

    <xsl:variable name="frame" select="/*/frame"/>
    <xsl:variable name="csrf" select="string($frame/@csrf)"/>
    <xsl:variable name="now" select="string($frame/@now)"/>
    <xsl:variable name="portal" select="string($frame/@portal)"/>
    <!-- What the port of certificates has too: languages, the helpdesk, the way out. -->
    <xsl:variable name="near"><xsl:if test="not($frame/@client)"><xsl:value-of select="$portal"/></xsl:if></xsl:variable>

    <xsl:template match="/*">
        <html m:lang="frame.language">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex"/>
                <title>
                    <xsl:if test="problem"><m:t k="frame.problem"/><xsl:text> – </xsl:text></xsl:if>
                    <xsl:apply-templates select="." mode="title"/>
                    <xsl:text> – </xsl:text>
                    <xsl:value-of select="i:name($frame/service)"/>
                </title>
                <link rel="icon" type="image/svg+xml" href="static:seal.svg"/>
                <link rel="stylesheet" href="static:style.css"/>
                <script src="static:app.js" defer="defer"></script>
                <xsl:apply-templates select="." mode="head"/>
            </head>
            <body>
                <a class="skip" href="#main"><m:t k="frame.skip"/></a>
                <xsl:call-template name="top"/>
                <xsl:apply-templates select="$frame/maintenance" mode="announce"/>
                <main id="main" class="{local-name()}">
                    <xsl:apply-templates select="." mode="main"/>
                </main>
                <xsl:call-template name="bottom"/>
            </body>
        </html>
    </xsl:template>

    <xsl:template match="*" mode="head"/>
    <xsl:template match="*" mode="title"><xsl:message terminate="yes">no such page</xsl:message></xsl:template>
    <xsl:template match="*" mode="main"><xsl:message terminate="yes">no such page</xsl:message></xsl:template>

    <xsl:template name="top">
        <header class="top">
            <div class="wrap">
                <a class="brand" href="{$portal}/">
                    <img src="static:seal.svg" alt="" width="36" height="36"/>
                    <span class="brand-name">
                        <xsl:value-of select="i:name($frame/service)"/>
                        <small><m:t k="frame.tagline"/></small>
                    </span>
                </a>
                <div class="tools">
                    <nav class="languages" m:aria-label="frame.language.choose">
                        <xsl:call-template name="language"><xsl:with-param name="code">ja</xsl:with-param></xsl:call-template>
                        <xsl:call-template name="language"><xsl:with-param name="code">en</xsl:with-param></xsl:call-template>
                    </nav>
                    <xsl:if test="$frame/person"><xsl:call-template name="account-menu"/></xsl:if>
                </div>
            </div>
        </header>
    </xsl:template>

    <xsl:template name="language">
        <xsl:param name="code"/>
        <a href="{$near}/language/{$code}" hreflang="{$code}" lang="{$code}">
            <xsl:if test="$frame/@path">
                <xsl:attribute name="href"><xsl:value-of select="$near"/>/language/<xsl:value-of select="$code"/>?return=<xsl:value-of select="i:query($frame/@path)"/></xsl:attribute>
            </xsl:if>
            <xsl:if test="$code = i:message('frame.', 'language')"><xsl:attribute name="aria-current">true</xsl:attribute></xsl:if>
            <xsl:value-of select="i:message('frame.language.', $code)"/>
        </a>
    </xsl:template>

    <!-- Confirm pages have one form and no other, so they lead to the account page for logging out. -->
    <xsl:template name="account-menu">
        <details class="menu" data-menu="">
            <summary>
                <xsl:call-template name="icon-person"/>
                <span id="person">
                    <xsl:if test="$frame/person/@name-ja != '' and i:name($frame/person) != $frame/person/@name">
                        <span class="native"><xsl:value-of select="$frame/person/@name-ja"/></span>
                        <xsl:text> </xsl:text>
                    </xsl:if>
                    <span class="latin"><xsl:value-of select="$frame/person/@name"/></span>
                </span>
            </summary>
            <div class="menu-body">
                <xsl:if test="$frame/institution">
                    <p class="menu-institution"><xsl:value-of select="i:name($frame/institution)"/></p>
                </xsl:if>
                <ul>
                    <xsl:if test="not($frame/@client)"><li><a href="{$portal}/certificates"><m:t k="frame.menu.certificates"/></a></li></xsl:if>
                    <xsl:if test="$frame/@desk"><li><a href="{$near}/helpdesk"><m:t k="desk.menu"/></a></li></xsl:if>
                    <xsl:choose>
                        <xsl:when test="$frame/@client"><li><a href="/helpdesk/renew"><m:t k="frame.menu.officer-certificate"/></a></li></xsl:when>
                        <xsl:otherwise><li><a href="{$portal}/account"><m:t k="frame.menu.account"/></a></li></xsl:otherwise>
                    </xsl:choose>
                    <xsl:choose>
                        <xsl:when test="self::apply-confirm or self::renew-confirm or self::revoke-confirm or self::withdraw-confirm or self::lost-confirm or self::desk-confirm or self::desk-ending-confirm or self::desk-act or self::desk-apply or self::desk-decide or self::desk-officer-confirm or self::desk-officer-act or self::desk-renew-confirm">
                            <xsl:if test="not($frame/@client)"><li><a href="{$portal}/account#logout"><m:t k="frame.menu.logout"/></a></li></xsl:if>
                        </xsl:when>
                        <xsl:otherwise>
                            <li>
                                <form method="post" action="{$near}/logout">
                                    <xsl:call-template name="csrf"/>
                                    <button class="plain" type="submit"><m:t k="frame.menu.logout"/></button>
                                </form>
                            </li>
                        </xsl:otherwise>
                    </xsl:choose>
                </ul>
            </div>
        </details>
    </xsl:template>

    <xsl:template match="maintenance" mode="announce">
        <aside class="announce" m:aria-label="frame.maintenance.label">
            <div class="wrap">
                <xsl:call-template name="icon-note"/>
                <p>
                    <m:t k="frame.maintenance">
                        <m:with name="from"><time datetime="{@from}"><xsl:value-of select="i:moment(@from)"/></time></m:with>
                        <m:with name="until"><time datetime="{@until}"><xsl:value-of select="i:moment(@until)"/></time></m:with>
                    </m:t>
                </p>
            </div>
        </aside>
    </xsl:template>

    <xsl:template name="bottom">
        <footer class="bottom">
            <div class="wrap">
                <section m:aria-label="frame.help">
                    <xsl:call-template name="helpdesk"/>
                </section>
                <ul class="links">
                    <li><a href="{$portal}/ca"><m:t k="frame.footer.ca"/></a></li>
                    <li><a href="{$portal}/privacy"><m:t k="frame.footer.privacy"/></a></li>
                    <li><a href="{$portal}/healthz"><m:t k="frame.footer.status"/></a></li>
                    <xsl:if test="$frame/@version != ''">
                        <li><m:t k="frame.footer.version" version="$frame/@version"/></li>
                    </xsl:if>
                </ul>
            </div>
        </footer>
    </xsl:template>

    <!-- Whom to ask: a sentence with name, mail address and telephone number as far as they are known. -->
    <xsl:template name="helpdesk">
        <xsl:variable name="desk" select="$frame/helpdesk"/>
        <p class="helpdesk">
            <strong><m:t k="frame.help"/></strong>
            <xsl:choose>
                <xsl:when test="$desk/@name != '' or $desk/@mail != '' or $desk/@phone != ''">
                    <xsl:if test="$desk/@name != ''"><span><xsl:value-of select="i:name($desk)"/></span></xsl:if>
                    <xsl:if test="$desk/@mail != ''"><a href="mailto:{$desk/@mail}"><xsl:value-of select="$desk/@mail"/></a></xsl:if>
                    <xsl:if test="$desk/@phone != ''"><span><xsl:value-of select="$desk/@phone"/></span></xsl:if>
                </xsl:when>
                <xsl:otherwise><span><m:t k="frame.help.unknown"/></span></xsl:otherwise>
            </xsl:choose>
        </p>
    </xsl:template>
</xsl:stylesheet>
